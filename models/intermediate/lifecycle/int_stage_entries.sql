{% set stages = ["mql", "sal", "sql", "opportunity", "customer"] %}
with
    leads as (select * from {{ ref("int_leads_merged") }}),

    episode_stages as (select * from {{ ref("int_episode_stages") }}),

    final as (
        select
            lead_id,
            1 as episode,
            'lead' as stage,
            0 as stage_order,
            created_at as entered_at
        from leads
        {% for stage in stages %}
            union all
            select
                lead_id,
                episode,
                '{{ stage }}' as stage,
                {{ loop.index }} as stage_order,
                {{ stage }}_at as entered_at
            from episode_stages
            where {{ stage }}_at is not null
        {% endfor %}
    )

select *
from final
