with
    leads as (
        select *
        from {{ ref("fct_leads") }}
        where current_stage in ('lead', 'disqualified')
    ),

    dispositions as (select * from {{ ref("fct_dispositions") }}),

    criteria as (select * from {{ ref("int_criteria_assessed") }}),

    rules as (select * from {{ ref("unqualified_reasons") }}),

    ranked_dispositions as (
        select
            *,
            row_number() over (
                partition by lead_id order by occurred_at desc, disposition_id desc
            ) as disposition_rank
        from dispositions
    ),

    evidence as (
        select lead_id, 'excluded' as evidence, cast(null as string) as evidence_value
        from leads
        where is_excluded
        union all
        select
            lead_id, 'disqualified' as evidence, cast(null as string) as evidence_value
        from leads
        where current_stage = 'disqualified'
        union all
        select lead_id, 'no_consent' as evidence, cast(null as string) as evidence_value
        from leads
        where not has_consent
        union all
        select lead_id, 'blocked' as evidence, mql_blocked_reason as evidence_value
        from leads
        where mql_blocked_reason is not null
        union all
        select
            lead_id,
            'disposition' as evidence,
            lower(trim(disposition_reason)) as evidence_value
        from ranked_dispositions
        where disposition_rank = 1
        union all
        select lead_id, 'criterion' as evidence, criterion as evidence_value
        from criteria
        where not is_met
    ),

    first_reasons as (
        select evidence.lead_id, min(rules.priority) as priority
        from evidence
        inner join
            rules
            on evidence.evidence = lower(trim(rules.evidence))
            and coalesce(lower(trim(rules.evidence_value)), evidence.evidence_value, '')
            = coalesce(evidence.evidence_value, '')
        group by evidence.lead_id
    ),

    -- Without evidence it is qualified but for the next change point, which may come.
    final as (
        select
            leads.lead_id,
            leads.lead_source,
            leads.created_at,
            leads.label,
            leads.fit_score,
            leads.engagement_score,
            coalesce(rules.unqualified_reason, 'no_evidence') as unqualified_reason,
            rules.evidence,
            coalesce(rules.can_requalify, true) as can_requalify
        from leads
        left join first_reasons on leads.lead_id = first_reasons.lead_id
        left join rules on first_reasons.priority = rules.priority
    )

select *
from final
