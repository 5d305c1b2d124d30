with
    statuses as (select * from {{ ref("int_lead_statuses") }}),

    reached as (
        {% for milestone in milestones() %}
            select
                '{{ milestone }}' as milestone,
                lead_id,
                created_at,
                {{ milestone }}_at as reached_at
            from statuses {{ "union all" if not loop.last }}
        {% endfor %}
    ),

    final as (
        select
            milestone,
            lead_id,
            created_at,
            reached_at is not null as is_reached,
            coalesce(reached_at, {{ as_of() }})
            - interval '{{ var("attribution_lookback_days") | int }}' day as starts_at,
            coalesce(reached_at, {{ as_of() }}) as ends_at
        from reached
    )

select *
from final
