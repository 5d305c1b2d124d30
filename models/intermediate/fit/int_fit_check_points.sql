with
    gate_moments as (select * from {{ ref("int_gate_moments") }}),

    opportunities as (select * from {{ ref("int_opportunities_resolved") }}),

    leads as (select * from {{ ref("int_leads_merged") }}),

    -- A CRM may date an opportunity before its lead: the SQL that it makes shows the
    -- fit of that time.
    united as (
        select lead_id, moment_at
        from gate_moments
        union
        select leads.lead_id, opportunities.created_at as moment_at
        from opportunities
        inner join leads on opportunities.survivor_lead_id = leads.lead_id
        where
            opportunities.is_current
            and opportunities.resolved_state = 'staged'
            and opportunities.created_at < leads.created_at
    ),

    final as (
        select
            lead_id,
            moment_at,
            case
                when
                    lag(moment_at) over (partition by lead_id order by moment_at)
                    is null
                then {{ beginning_of_time() }}
                else moment_at
            end as valid_from,
            coalesce(
                lead(moment_at) over (partition by lead_id order by moment_at),
                {{ end_of_time() }}
            ) as valid_to
        from united
    )

select *
from final
