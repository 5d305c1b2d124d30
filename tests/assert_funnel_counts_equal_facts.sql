{% set plurals = {
    "lead": "leads",
    "mql": "mqls",
    "sal": "sals",
    "sql": "sqls",
    "opportunity": "opportunities",
    "customer": "customers",
} %}
with
    funnel as (select * from {{ ref("rpt_lead_funnel") }}),

    costs as (select * from {{ ref("rpt_source_costs") }}),

    leads as (select * from {{ ref("fct_leads") }}),

    entries as (select * from {{ ref("fct_stage_entries") }}),

    reported as (
        {% for report in ["funnel", "costs"] %}
            {% for stage, plural in plurals.items() %}
                select
                    '{{ report }}' as report,
                    basis,
                    '{{ stage }}' as stage,
                    sum({{ plural }}) as reported_count
                from {{ report }}
                group by basis
                union all
            {% endfor %}
        {% endfor %}
        select 'none' as report, 'none' as basis, 'none' as stage, 0 as reported_count
    ),

    facts as (
        select 'period' as basis, stage, count(*) as fact_count
        from entries
        group by stage
        union all
        select 'cohort' as basis, 'lead' as stage, count(*) as fact_count
        from leads
        {% for stage in plurals if stage != "lead" %}
            union all
            select
                'cohort' as basis,
                '{{ stage }}' as stage,
                count(case when has_reached_{{ stage }} then 1 end) as fact_count
            from leads
        {% endfor %}
    )

select reported.report, reported.basis, reported.stage, facts.fact_count
from reported
left join facts on reported.basis = facts.basis and reported.stage = facts.stage
where reported.reported_count <> coalesce(facts.fact_count, 0)
