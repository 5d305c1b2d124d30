{% set stages = ["mql", "sal", "sql", "opportunity", "customer"] %}
with
    assignments as (select * from {{ ref("fct_experiment_assignments") }}),

    leads as (select * from {{ ref("fct_leads") }}),

    -- A later stage implies the earlier ones.
    reached as (
        {% for stage in stages %}
            select
                lead_id,
                '{{ stage }}' as stage,
                {% if loop.last %} customer_at as reached_at
                {% else %}
                    least(
                        {% for later in stages[loop.index0 :] %}
                            {{ later }}_at {{ "," if not loop.last }}
                        {% endfor %}
                    ) as reached_at
                {% endif %}
            from leads {{ "union all" if not loop.last }}
        {% endfor %}
    ),

    -- Whoever had reached a stage before the assignment cannot be won for it.
    final as (
        select
            assignments.experiment_id,
            assignments.variant,
            reached.stage,
            count(*) as assigned_leads,
            count(
                case
                    when
                        coalesce(reached.reached_at, {{ end_of_time() }})
                        > assignments.assigned_at
                    then 1
                end
            ) as leads,
            count(
                case when reached.reached_at > assignments.assigned_at then 1 end
            ) as conversions
        from assignments
        inner join reached on assignments.lead_id = reached.lead_id
        group by assignments.experiment_id, assignments.variant, reached.stage
    )

select *
from final
