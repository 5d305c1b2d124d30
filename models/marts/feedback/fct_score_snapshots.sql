with
    statuses as (select * from {{ ref("int_lead_statuses") }}),

    affected as (select * from {{ ref("int_leads_affected") }}),

    parameters as (
        select cast(round(max(value)) as integer) as snapshot_days
        from {{ ref("report_parameters") }}
        where parameter = 'snapshot_days'
    ),

    mature as (
        select
            statuses.lead_id,
            statuses.created_at,
            statuses.created_at
            + parameters.snapshot_days * interval '1' day as snapshot_at
        from statuses
        cross join parameters
    ),

    chosen as (
        select *
        from mature
        where
            snapshot_at <= {{ as_of() }}
            {% if is_incremental() %}
                and (
                    not exists (
                        select 1
                        from {{ this }} as kept
                        where kept.lead_id = mature.lead_id
                    )
                    or lead_id in (
                        select affected.survivor_lead_id
                        from affected
                        where {{ changed_since_last_refresh("affected") }}
                    )
                )
            {% endif %}
    ),

    -- Few leads are chosen in a refresh, of whom this finds the history.
    history as (
        select *
        from {{ ref("fct_score_history") }}
        where lead_id in (select chosen.lead_id from chosen)
    ),

    last_changes as (
        select
            chosen.lead_id,
            chosen.snapshot_at,
            chosen.created_at,
            max(history.scored_at) as scored_at
        from chosen
        inner join
            history
            on chosen.lead_id = history.lead_id
            and chosen.snapshot_at >= history.scored_at
        group by chosen.lead_id, chosen.snapshot_at, chosen.created_at
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
