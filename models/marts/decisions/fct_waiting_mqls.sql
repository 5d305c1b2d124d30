with
    responses as (select * from {{ ref("fct_mql_responses") }}),

    mqls as (select * from {{ ref("fct_mqls") }}),

    leads as (select * from {{ ref("fct_leads") }}),

    people as (select * from {{ ref("dim_leads") }}),

    -- Only clamps count no events.
    ledger as (
        select * from {{ ref("fct_score_ledger") }} where event_count is not null
    ),

    waiting as (select * from responses where response_status = 'waiting'),

    -- What an MQL old enough to judge was worth; few MQLs are held near the average.
    won as (
        select leads.lead_source, leads.revenue
        from mqls
        inner join leads on mqls.lead_id = leads.lead_id and mqls.mql_at = leads.mql_at
        where
            {{ days_between("mqls.mql_at", as_of()) }}
            >= {{ var("maturity_days") | int }}
    ),

    averages as (select avg(cast(revenue as double)) as average_value from won),

    source_values as (
        select
            won.lead_source,
            (
                sum(cast(won.revenue as double))
                + max(averages.average_value) * {{ parameter("value_prior_leads") }}
            )
            / (count(*) + {{ parameter("value_prior_leads") }}) as predicted_value
        from won
        cross join averages
        group by won.lead_source
    ),

    contributions as (
        select
            ledger.lead_id,
            concat(
                replace(ledger.rule_id, '_', ' '),
                ' +',
                cast(cast(ledger.capped_points as decimal(9, 1)) as string)
            ) as contribution,
            row_number() over (
                partition by ledger.lead_id
                order by ledger.capped_points desc, ledger.rule_id asc
            ) as contribution_rank
        from ledger
        inner join waiting on ledger.lead_id = waiting.lead_id
        where ledger.capped_points > 0
    ),

    reasons as (
        select
            lead_id,
            concat_ws(
                ', ',
                max(case when contribution_rank = 1 then contribution end),
                max(case when contribution_rank = 2 then contribution end),
                max(case when contribution_rank = 3 then contribution end)
            ) as reasons
        from contributions
        group by lead_id
    ),

    final as (
        select
            waiting.lead_id,
            waiting.episode,
            leads.lead_source,
            leads.owner_id,
            waiting.mql_at,
            waiting.is_hand_raise,
            leads.label,
            coalesce(
                source_values.predicted_value, averages.average_value
            ) as predicted_value,
            reasons.reasons,
            waiting.sla_rule_id,
            waiting.due_at,
            {{ days_between("waiting.mql_at", as_of()) }} as waiting_days,
            leads.has_consent
            and not leads.is_excluded
            and not people.is_deleted as is_contactable
        from waiting
        inner join leads on waiting.lead_id = leads.lead_id
        inner join people on waiting.lead_id = people.lead_id
        cross join averages
        left join source_values on leads.lead_source = source_values.lead_source
        left join reasons on waiting.lead_id = reasons.lead_id
    )

select *
from final
