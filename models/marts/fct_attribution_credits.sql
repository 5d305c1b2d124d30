with
    shares as (select * from {{ ref("int_path_shares") }}),

    touches as (select * from {{ ref("int_touches_sourced") }}),

    effects as (select * from {{ ref("int_removal_effects") }}),

    -- What a touch is worth beside the others of its path, where time or its source
    -- matters and its place does not.
    weighted as (
        select
            shares.milestone,
            shares.attribution_model,
            shares.lead_id,
            shares.reached_at,
            touches.activity_id,
            touches.touched_at,
            touches.lead_source,
            touches.campaign_id,
            case
                when shares.is_data_driven
                then coalesce(effects.removal_effect, 0)
                else 1
            end * power(
                2.0,
                - coalesce(
                    {{ days_between("touches.touched_at", "shares.last_touched_at") }}
                    / shares.half_life_days,
                    0
                )
            ) as weight
        from shares
        inner join
            touches
            on shares.lead_id = touches.lead_id
            and touches.touch_number between shares.first_number and shares.last_number
        left join
            effects
            on shares.milestone = effects.milestone
            and touches.lead_source = effects.lead_source
        where shares.is_weighted
    ),

    credited as (
        select
            shares.milestone,
            shares.attribution_model,
            shares.lead_id,
            shares.reached_at,
            coalesce(touches.activity_id, 'unattributed') as activity_id,
            touches.touched_at,
            case
                when touches.lead_id is null
                then 'unattributed'
                else touches.lead_source
            end as lead_source,
            touches.campaign_id,
            case
                when touches.lead_id is null
                then 1
                when
                    touches.touch_number = shares.first_number
                    and shares.first_credit > 0
                then shares.first_credit
                when
                    touches.touch_number = shares.creation_number
                    and shares.creation_credit > 0
                then shares.creation_credit
                when
                    touches.touch_number = shares.last_number and shares.last_credit > 0
                then shares.last_credit
                else shares.other_credit
            end as credit
        from shares
        left join
            touches
            on shares.lead_id = touches.lead_id
            and touches.touch_number between shares.first_number and shares.last_number
        where not shares.is_weighted
        union all
        select
            milestone,
            attribution_model,
            lead_id,
            reached_at,
            activity_id,
            touched_at,
            lead_source,
            campaign_id,
            weight / sum(weight) over (
                partition by milestone, attribution_model, lead_id
            ) as credit
        from weighted
    ),

    final as (select * from credited where credit > 0)

select *
from final
