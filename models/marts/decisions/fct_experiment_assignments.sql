with
    assignments as (select * from {{ ref("int_experiment_assignments_resolved") }}),

    -- Of a person that was assigned twice, by merged leads, the first variant counts.
    ranked as (
        select
            *,
            row_number() over (
                partition by experiment_id, survivor_lead_id
                order by assigned_at, lead_id
            ) as assignment_rank
        from assignments
        where resolved_state = 'staged'
    ),

    final as (
        select experiment_id, survivor_lead_id as lead_id, variant, assigned_at
        from ranked
        where assignment_rank = 1
    )

select *
from final
