with
    history as (select * from {{ ref("fct_score_history") }}),

    mqls as (select * from {{ ref("fct_mqls") }}),

    leads as (
        select *
        from {{ ref("int_lead_statuses") }}
        where
            lead_id in (
                select affected.survivor_lead_id
                from {{ ref("int_leads_affected") }} as affected
            )
    ),

    opportunities as (
        select * from {{ ref("fct_stage_entries") }} where stage = 'opportunity'
    ),

    scenarios as (select * from {{ ref("int_mql_scenarios") }}),

    hurdles as (
        select
            fit_hurdle,
            coalesce(lead(fit_hurdle) over (order by fit_hurdle), 1e9) as next_hurdle
        from scenarios
        group by fit_hurdle
    ),

    thresholds as (
        select
            engagement_threshold,
            coalesce(
                lead(engagement_threshold) over (order by engagement_threshold), 1e9
            ) as next_threshold
        from scenarios
        group by engagement_threshold
    ),

    -- A hand raise clears every threshold.
    moments as (
        select
            mqls.lead_id,
            mqls.episode,
            mqls.mql_at as moment_at,
            mqls.fit_score,
            case
                when mqls.trigger = 'hand_raise' then 1000 else mqls.engagement_score
            end as engagement_score
        from mqls
        inner join leads on mqls.lead_id = leads.lead_id
        union all
        select
            history.lead_id,
            history.episode,
            history.scored_at as moment_at,
            history.fit_score,
            history.engagement_score
        from history
        inner join leads on history.lead_id = leads.lead_id
        left join
            opportunities
            on history.lead_id = opportunities.lead_id
            and history.episode = opportunities.episode
        where
            leads.has_consent
            and not leads.is_excluded
            and history.scored_at
            <= coalesce(opportunities.entered_at, {{ end_of_time() }})
    ),

    final as (
        select
            moments.lead_id,
            moments.episode,
            hurdles.fit_hurdle,
            thresholds.engagement_threshold,
            min(moments.moment_at) as first_cleared_at
        from moments
        inner join
            hurdles
            on moments.fit_score >= hurdles.fit_hurdle
            and moments.fit_score < hurdles.next_hurdle
        inner join
            thresholds
            on moments.engagement_score >= thresholds.engagement_threshold
            and moments.engagement_score < thresholds.next_threshold
        group by
            moments.lead_id,
            moments.episode,
            hurdles.fit_hurdle,
            thresholds.engagement_threshold
    )

select *
from final
