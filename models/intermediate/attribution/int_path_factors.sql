with
    shares as (
        select *
        from {{ ref("int_path_shares") }}
        where half_life_days is not null or is_data_driven
    ),

    touches as (select * from {{ ref("int_touches_sourced") }}),

    effects as (select * from {{ ref("int_removal_effects") }}),

    final as (
        select
            shares.milestone,
            shares.attribution_model,
            shares.lead_id,
            avg({{ touch_factor("shares", "touches", "effects") }}) as mean_factor
        from shares
        inner join
            touches
            on shares.lead_id = touches.lead_id
            and shares.first_number <= touches.touch_number
            and shares.last_number >= touches.touch_number
        left join
            effects
            on shares.milestone = effects.milestone
            and touches.lead_source = effects.lead_source
        group by shares.milestone, shares.attribution_model, shares.lead_id
    )

select *
from final
