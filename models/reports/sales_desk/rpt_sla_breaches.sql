with
    responses as (select * from {{ ref("fct_mql_responses") }}),

    leads as (select * from {{ ref("fct_leads") }}),

    breached as (
        select *, coalesce(responded_at, {{ as_of() }}) as late_until
        from responses
        where due_at < coalesce(responded_at, {{ as_of() }})
    ),

    final as (
        select
            breached.lead_id,
            breached.episode,
            leads.lead_source,
            leads.owner_id,
            breached.mql_at,
            breached.mql_label,
            breached.sla_rule_id,
            breached.due_at,
            breached.responded_at,
            breached.response_status,
            {{ days_between("breached.due_at", "breached.late_until") }}
            * 24 as late_hours
        from breached
        inner join leads on breached.lead_id = leads.lead_id
    )

select *
from final
