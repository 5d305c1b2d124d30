with
    paths as (select * from {{ ref("fct_attribution_paths") }}),

    touches as (select * from {{ ref("fct_touches") }}),

    effects as (select * from {{ ref("fct_removal_effects") }}),

    -- Models in which time or the source of a touch decides, and not its place.
    weighted as (
        select
            paths.milestone,
            paths.attribution_model,
            paths.lead_id,
            paths.reached_at,
            touches.touch_number,
            touches.activity_id,
            touches.touched_at,
            touches.lead_source,
            touches.campaign_id,
            case
                when paths.is_data_driven
                then coalesce(effects.removal_effect, 0)
                else 1
            end * power(
                2e0,
                - coalesce(
                    {{ days_between("touches.touched_at", "paths.last_touched_at") }}
                    / paths.half_life_days,
                    0
                )
            ) as weight
        from paths
        inner join
            touches
            on paths.lead_id = touches.lead_id
            and touches.touch_number between paths.first_number and paths.last_number
        left join
            effects
            on paths.milestone = effects.milestone
            and touches.lead_source = effects.lead_source
        where paths.is_weighted
    ),

    credited as (
        select
            paths.milestone,
            paths.attribution_model,
            paths.lead_id,
            paths.reached_at,
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
                    touches.touch_number = paths.first_number and paths.first_credit > 0
                then paths.first_credit
                when
                    touches.touch_number = paths.creation_number
                    and paths.creation_credit > 0
                then paths.creation_credit
                when touches.touch_number = paths.last_number and paths.last_credit > 0
                then paths.last_credit
                else paths.other_credit
            end as credit
        from paths
        left join
            touches
            on paths.lead_id = touches.lead_id
            and touches.touch_number between paths.first_number and paths.last_number
        where not paths.is_weighted
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
            -- In one order, so that each reading gives the same last digit.
            weight / sum(weight) over (
                partition by milestone, attribution_model, lead_id
                order by touch_number
                rows between unbounded preceding and unbounded following
            ) as credit
        from weighted
    ),

    final as (select * from credited where credit > 0)

select *
from final
