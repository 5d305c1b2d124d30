with
    leads as (select * from {{ ref("int_lead_statuses") }}),

    scores as (select * from {{ ref("int_lead_scores") }}),

    sums as (select * from {{ ref("int_score_sums") }}),

    final as (
        select
            leads.lead_id,
            leads.created_at,
            leads.lead_source,
            leads.raw_lead_source,
            leads.campaign_id,
            leads.owner_id,
            scores.fit_score,
            scores.engagement_score,
            concat(grades.band, levels.band) as label,
            leads.current_stage,
            leads.episode_count,
            leads.mql_at,
            case
                when leads.has_mql_in_force
                then null
                when leads.is_excluded
                then 'excluded'
                when not leads.has_consent
                then 'consent'
                when not leads.has_fit
                then 'fit'
                -- A hand-raise at this very moment needs no threshold.
                when
                    scores.engagement_score < leads.engagement_threshold
                    and coalesce(sums.last_hand_raise_at <> {{ as_of() }}, true)
                then 'engagement'
            end as mql_blocked_reason,
            leads.sal_at,
            leads.sql_at,
            leads.opportunity_at,
            leads.customer_at,
            leads.revenue,
            leads.is_sales_sourced,
            {% for stage in ["mql", "sal", "sql", "opportunity", "customer"] %}
                {{ has_reached(stage, "leads") }} as has_reached_{{ stage }},
            {% endfor %}
            leads.is_excluded,
            leads.has_consent
        from leads
        inner join scores on leads.lead_id = scores.lead_id
        inner join sums on leads.lead_id = sums.lead_id {{ label_joins("scores") }}
    )

select *
from final
