with
    sources as (select * from {{ ref("int_path_sources") }}),

    factors as (select * from {{ ref("int_path_factors") }}),

    paths as (select * from {{ ref("int_touch_paths") }}),

    models as (select * from {{ ref("attribution_models") }}),

    scaled as (
        select
            sources.milestone,
            sources.attribution_model,
            sources.lead_id,
            sources.lead_source,
            sources.anchor_credit
            + sources.factored_credit / coalesce(factors.mean_factor, 1) as credit
        from sources
        left join
            factors
            on sources.milestone = factors.milestone
            and sources.attribution_model = factors.attribution_model
            and sources.lead_id = factors.lead_id
    ),

    shared as (
        select *
        from scaled
        union all
        -- A milestone without touch keeps all of its credit.
        select
            paths.milestone,
            models.attribution_model,
            paths.lead_id,
            'unattributed' as lead_source,
            1.0 as credit
        from paths
        cross join models
        where paths.touch_count is null
    ),

    final as (
        select shared.*, paths.reached_at
        from shared
        inner join
            paths
            on shared.milestone = paths.milestone
            and shared.lead_id = paths.lead_id
        where shared.credit > 0
    )

select *
from final
