with
    paths as (select * from {{ ref("int_touch_paths") }}),

    models as (select * from {{ ref("attribution_models") }}),

    shares as (select * from {{ ref("int_path_shares") }}),

    factors as (select * from {{ ref("int_path_factors") }}),

    touches as (select * from {{ ref("int_touches_sourced") }}),

    effects as (select * from {{ ref("int_removal_effects") }}),

    scaled as (
        select shares.*, factors.mean_factor
        from shares
        left join
            factors
            on shares.milestone = factors.milestone
            and shares.attribution_model = factors.attribution_model
            and shares.lead_id = factors.lead_id
    ),

    credited as (
        select
            scaled.milestone,
            scaled.attribution_model,
            scaled.lead_id,
            scaled.reached_at,
            touches.activity_id,
            touches.touched_at,
            touches.lead_source,
            touches.campaign_id,
            case
                when
                    touches.touch_number = scaled.first_number
                    and scaled.first_credit is not null
                then scaled.first_credit
                when
                    touches.touch_number = scaled.creation_number
                    and scaled.creation_credit is not null
                then scaled.creation_credit
                when
                    touches.touch_number = scaled.last_number
                    and scaled.last_credit is not null
                then scaled.last_credit
                when scaled.mean_factor is null
                then scaled.other_credit
                else
                    scaled.other_credit
                    * {{ time_factor("scaled", "touches") }}
                    * case
                        when scaled.is_data_driven then effects.removal_effect else 1.0
                    end
                    / scaled.mean_factor
            end as credit
        from scaled
        inner join
            touches
            on scaled.lead_id = touches.lead_id
            and scaled.first_number <= touches.touch_number
            and scaled.last_number >= touches.touch_number
        left join
            effects
            on scaled.milestone = effects.milestone
            and scaled.is_data_driven
            and touches.lead_source = effects.lead_source
    ),

    -- A milestone without touch keeps one row, with all of the credit.
    final as (
        select *
        from credited
        union all
        select
            paths.milestone,
            models.attribution_model,
            paths.lead_id,
            paths.reached_at,
            'unattributed' as activity_id,
            null as touched_at,
            'unattributed' as lead_source,
            null as campaign_id,
            1.0 as credit
        from paths
        cross join models
        where paths.touch_count is null
    )

select *
from final
