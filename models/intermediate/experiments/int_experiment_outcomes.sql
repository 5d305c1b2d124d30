with
    assignments as (select * from {{ ref("stg_raw__experiment_assignments") }}),

    identities as (select * from {{ ref("bridge_lead_identity") }}),

    leads as (select * from {{ ref("fct_leads") }}),

    -- Of a person that was assigned twice, by merged leads, the first variant counts.
    ranked as (
        select
            assignments.experiment_id,
            identities.survivor_lead_id as lead_id,
            assignments.variant,
            assignments.assigned_at,
            row_number() over (
                partition by assignments.experiment_id, identities.survivor_lead_id
                order by assignments.assigned_at, assignments.lead_id
            ) as assignment_rank
        from assignments
        inner join identities on assignments.lead_id = identities.lead_id
        where assignments.row_state = 'staged'
    ),

    stages as (
        select reached_stages.reached_stage as stage
        from
            (
                values ('mql'), ('sal'), ('sql'), ('opportunity'), ('customer')
            ) as reached_stages(reached_stage)
    ),

    -- A later stage implies the earlier ones.
    reached as (
        select
            ranked.*,
            stages.stage,
            least(
                leads.customer_at,
                case when stages.stage <> 'customer' then leads.opportunity_at end,
                case when stages.stage in ('mql', 'sal', 'sql') then leads.sql_at end,
                case when stages.stage in ('mql', 'sal') then leads.sal_at end,
                case when stages.stage = 'mql' then leads.mql_at end
            ) as reached_at
        from ranked
        inner join leads on ranked.lead_id = leads.lead_id
        cross join stages
        where ranked.assignment_rank = 1
    ),

    -- Whoever had reached a stage before the assignment cannot be won for it.
    final as (
        select
            experiment_id,
            variant,
            stage,
            count(*) as assigned_leads,
            count(
                case
                    when coalesce(reached_at, {{ end_of_time() }}) > assigned_at then 1
                end
            ) as leads,
            count(case when reached_at > assigned_at then 1 end) as conversions
        from reached
        group by experiment_id, variant, stage
    )

select *
from final
