with
    history as (select * from {{ ref("fct_score_history") }}),

    leads as (select * from {{ ref("fct_leads") }}),

    mature as (
        select
            *,
            created_at
            + cast({{ parameter("snapshot_days") }} as integer)
            * interval '1' day as snapshot_at
        from leads
    ),

    last_changes as (
        select
            mature.lead_id,
            mature.snapshot_at,
            mature.created_at,
            max(history.scored_at) as scored_at
        from mature
        inner join
            history
            on mature.lead_id = history.lead_id
            and mature.snapshot_at >= history.scored_at
        where mature.snapshot_at <= {{ as_of() }}
        group by mature.lead_id, mature.snapshot_at, mature.created_at
    ),

    final as (
        select
            last_changes.lead_id,
            last_changes.created_at,
            last_changes.snapshot_at,
            history.fit_score,
            history.engagement_score,
            history.label
        from last_changes
        inner join
            history
            on last_changes.lead_id = history.lead_id
            and last_changes.scored_at = history.scored_at
    )

select *
from final
