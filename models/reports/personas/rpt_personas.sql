with
    matches as (select * from {{ ref("fct_persona_matches") }}),

    leads as (select * from {{ ref("fct_leads") }}),

    scores as (select * from {{ ref("fct_lead_scores") }}),

    rules as (select * from {{ ref("personas") }}),

    ranked_rules as (
        select
            lower(trim(persona)) as persona,
            pain,
            message,
            row_number() over (
                partition by lower(trim(persona)) order by priority
            ) as rule_rank
        from rules
    ),

    listed as (
        select persona, pain, message
        from ranked_rules
        where rule_rank = 1
        union all
        select
            'unmatched' as persona,
            cast(null as string) as pain,
            cast(null as string) as message
    ),

    counted as (
        select
            matches.persona,
            count(*) as leads,
            {{ exact_average("matches.match_rate") }} as match_rate,
            {{ exact_average("scores.demographic_icp_rate") }} as demographic_icp_rate,
            {{ exact_average("scores.firmographic_icp_rate") }}
            as firmographic_icp_rate,
            {{ exact_average("scores.technographic_icp_rate") }}
            as technographic_icp_rate,
            {{ exact_average("scores.psychographic_icp_rate") }}
            as psychographic_icp_rate,
            count(case when leads.has_reached_mql then 1 end) as mqls,
            count(case when leads.has_reached_sql then 1 end) as sqls,
            count(case when leads.has_reached_customer then 1 end) as customers,
            sum(leads.revenue) as revenue
        from matches
        inner join leads on matches.lead_id = leads.lead_id
        inner join scores on matches.lead_id = scores.lead_id
        group by matches.persona
    ),

    final as (
        select
            listed.persona,
            listed.pain,
            listed.message,
            coalesce(counted.leads, 0) as leads,
            cast(counted.leads as double) / sum(counted.leads) over () as lead_rate,
            round(counted.match_rate, 6) as match_rate,
            round(counted.demographic_icp_rate, 6) as demographic_icp_rate,
            round(counted.firmographic_icp_rate, 6) as firmographic_icp_rate,
            round(counted.technographic_icp_rate, 6) as technographic_icp_rate,
            round(counted.psychographic_icp_rate, 6) as psychographic_icp_rate,
            coalesce(counted.mqls, 0) as mqls,
            coalesce(counted.sqls, 0) as sqls,
            coalesce(counted.customers, 0) as customers,
            cast(counted.mqls as double) / counted.leads as lead_to_mql_rate,
            cast(counted.customers as double) / counted.leads as lead_to_customer_rate,
            cast(coalesce(counted.revenue, 0) as decimal(20, 2)) as revenue
        from listed
        left join counted on listed.persona = counted.persona
    )

select *
from final
