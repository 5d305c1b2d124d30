with
    waiting as (
        select * from {{ ref("fct_mql_responses") }} where response_status = 'waiting'
    ),

    mqls as (select * from {{ ref("fct_mqls") }}),

    leads as (select * from {{ ref("fct_leads") }}),

    people as (select * from {{ ref("dim_leads") }}),

    -- What an MQL old enough was worth; few MQLs are held near the average.
    won as (
        select leads.lead_source, leads.revenue
        from mqls
        inner join leads on mqls.lead_id = leads.lead_id and mqls.mql_at = leads.mql_at
        where
            {{ days_between("mqls.mql_at", as_of()) }}
            >= {{ var("maturity_days") | int }}
    ),

    averages as (select avg(cast(revenue as double)) as average_value from won),

    parameters as (
        select max(value) as prior_leads
        from {{ ref("report_parameters") }}
        where parameter = 'value_prior_leads'
    ),

    source_values as (
        select
            won.lead_source,
            (
                sum(cast(won.revenue as double))
                + max(averages.average_value) * max(parameters.prior_leads)
            )
            / (count(*) + max(parameters.prior_leads)) as predicted_value
        from won
        cross join averages
        cross join parameters
        group by won.lead_source
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
    )

select *
from final
