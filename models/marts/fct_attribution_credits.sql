with
    windows as (select * from {{ ref("int_milestone_windows") }} where is_reached),

    paths as (select * from {{ ref("int_touch_paths") }}),

    effects as (select * from {{ ref("int_removal_effects") }}),

    models as (select * from {{ ref("attribution_models") }}),

    -- A milestone without touch keeps one row, with all of the credit.
    touches as (
        select
            windows.milestone,
            windows.lead_id,
            windows.ends_at as reached_at,
            coalesce(paths.activity_id, 'unattributed') as activity_id,
            paths.touched_at,
            coalesce(paths.lead_source, 'unattributed') as lead_source,
            paths.campaign_id,
            coalesce(paths.is_first, true) as is_first,
            coalesce(paths.is_at_creation, true) as is_at_creation,
            coalesce(paths.is_last, true) as is_last,
            coalesce(paths.days_before_last, 0) as days_before_last,
            case
                when paths.activity_id is null then 1 else effects.removal_effect
            end as removal_effect
        from windows
        left join
            paths on windows.lead_id = paths.lead_id and windows.ends_at = paths.ends_at
        left join
            effects
            on windows.milestone = effects.milestone
            and paths.lead_source = effects.lead_source
    ),

    anchored as (
        select
            touches.*,
            models.attribution_model,
            models.other_share,
            case
                when touches.is_first and models.first_share is not null
                then models.first_share
                when touches.is_at_creation and models.creation_share is not null
                then models.creation_share
                when touches.is_last
                then models.last_share
            end as anchor_share,
            case
                when models.half_life_days is null
                then 1
                else power(2.0, - touches.days_before_last / models.half_life_days)
            end * case
                when models.is_data_driven then touches.removal_effect else 1
            end as factor
        from touches
        cross join models
    ),

    weighed as (
        select
            *,
            factor * coalesce(
                anchor_share,
                other_share / count(case when anchor_share is null then 1 end) over (
                    partition by milestone, attribution_model, lead_id
                )
            ) as weight
        from anchored
    ),

    final as (
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
        from weighed
    )

select *
from final
