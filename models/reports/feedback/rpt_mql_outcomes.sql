{% set reason_given %}
    case
        when ranked_reasons.lead_id is null
        then 'no disposition'
        else coalesce(ranked_reasons.disposition_reason, 'not given')
    end
{% endset %}

with
    mqls as (select * from {{ ref("fct_mqls") }}),

    dispositions as (select * from {{ ref("fct_dispositions") }}),

    leads as (select * from {{ ref("fct_leads") }}),

    policies as (
        select
            version as policy_version,
            valid_from,
            lag(valid_from) over (order by valid_from) as previous_from,
            lead(valid_from) over (order by valid_from) as next_from
        from {{ ref("qualification_policy") }}
    ),

    -- The first disposition of an outcome is the one that closed the episode.
    ranked_reasons as (
        select
            *,
            row_number() over (
                partition by lead_id, episode, disposition
                order by occurred_at, disposition_id
            ) as reason_rank
        from dispositions
    ),

    counted as (
        select
            mqls.policy_version,
            mqls.lead_source,
            mqls.outcome,
            {{ reason_given }} as reason_given,
            count(*) as mqls,
            count(mqls.sal_at) as accepted_mqls
        from mqls
        left join
            ranked_reasons
            on mqls.lead_id = ranked_reasons.lead_id
            and mqls.episode = ranked_reasons.episode
            and mqls.outcome = ranked_reasons.disposition
            and ranked_reasons.reason_rank = 1
        group by mqls.policy_version, mqls.lead_source, mqls.outcome, {{ reason_given }}
    ),

    inflow as (
        select policies.policy_version, leads.lead_source, count(*) as leads
        from leads
        inner join
            policies
            on (
                policies.previous_from is null
                or leads.created_at >= policies.valid_from
            )
            and leads.created_at < coalesce(policies.next_from, {{ end_of_time() }})
        group by policies.policy_version, leads.lead_source
    ),

    inflow_mix as (
        select
            policy_version,
            lead_source,
            leads / sum(leads) over (partition by policy_version) as inflow_mix_rate
        from inflow
    ),

    final as (
        select
            counted.policy_version,
            counted.lead_source,
            counted.outcome,
            counted.reason_given,
            counted.mqls,
            counted.accepted_mqls,
            counted.mqls / sum(counted.mqls) over sources as outcome_rate,
            sum(counted.mqls) over sources
            / sum(counted.mqls) over versions as mql_mix_rate,
            coalesce(inflow_mix.inflow_mix_rate, 0) as inflow_mix_rate
        from counted
        left join
            inflow_mix
            on counted.policy_version = inflow_mix.policy_version
            and counted.lead_source = inflow_mix.lead_source
        window
            versions as (partition by counted.policy_version),
            sources as (partition by counted.policy_version, counted.lead_source)
    )

select *
from final
