with
    credits as (select * from {{ ref("int_path_origins") }}),

    origins as (select * from {{ ref("int_touch_origins") }}),

    effects as (select * from {{ ref("int_removal_effects") }}),

    sourced as (
        select credits.*, coalesce(origins.lead_source, 'unknown') as lead_source
        from credits
        left join origins on credits.origin = origins.origin
    ),

    final as (
        select
            sourced.milestone,
            sourced.attribution_model,
            sourced.lead_id,
            sourced.lead_source,
            sourced.is_scaled,
            sum(sourced.anchor_credit) as anchor_credit,
            sum(
                sourced.factored_credit * case
                    when sourced.is_data_driven then effects.removal_effect else 1.0
                end
            ) as factored_credit
        from sourced
        left join
            effects
            on sourced.milestone = effects.milestone
            and sourced.lead_source = effects.lead_source
            and sourced.is_data_driven
        group by
            sourced.milestone,
            sourced.attribution_model,
            sourced.lead_id,
            sourced.lead_source,
            sourced.is_scaled
    )

select *
from final
