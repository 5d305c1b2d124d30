with
    leads as (select * from {{ ref("int_leads_merged") }}),

    periods as (
        select *
        from {{ ref("int_lead_attribute_periods") }}
        where valid_to = {{ end_of_time() }}
    ),

    evaluations as (
        select *
        from {{ ref("int_rule_evaluations") }}
        where rule_set = 'persona' and is_match
    ),

    rules as (select * from {{ ref("personas") }}),

    numbered as (
        select
            lower(trim(persona)) as persona,
            priority,
            lower(trim(attribute_name)) as attribute_name,
            lower(trim(comparison)) as comparison,
            cast(priority as string) as rule_id
        from rules
    ),

    asked as (
        select persona, count(distinct attribute_name) as attribute_count
        from numbered
        group by persona
    ),

    matched as (
        select periods.lead_id, evaluations.rule_id
        from periods
        inner join
            evaluations
            on periods.attribute_name = evaluations.attribute_name
            and periods.attribute_value = evaluations.attribute_value
        group by periods.lead_id, evaluations.rule_id
        union all
        select leads.lead_id, numbered.rule_id
        from leads
        inner join numbered on numbered.comparison = 'is_missing'
        left join
            periods
            on leads.lead_id = periods.lead_id
            and numbered.attribute_name = periods.attribute_name
        where periods.lead_id is null
    ),

    shared as (
        select
            matched.lead_id,
            numbered.persona,
            min(numbered.priority) as first_priority,
            cast(count(distinct numbered.attribute_name) as double)
            / max(asked.attribute_count) as match_rate
        from matched
        inner join numbered on matched.rule_id = numbered.rule_id
        inner join asked on numbered.persona = asked.persona
        group by matched.lead_id, numbered.persona
    ),

    ranked as (
        select
            *,
            count(*) over (partition by lead_id) as persona_count,
            row_number() over (
                partition by lead_id order by match_rate desc, first_priority asc
            ) as persona_rank
        from shared
    ),

    final as (
        select
            leads.lead_id,
            coalesce(ranked.persona, 'unmatched') as persona,
            coalesce(ranked.match_rate, 0e0) as match_rate,
            coalesce(ranked.persona_count, 0) as persona_count,
            ranked.first_priority
        from leads
        left join ranked on leads.lead_id = ranked.lead_id and ranked.persona_rank = 1
    )

select *
from final
