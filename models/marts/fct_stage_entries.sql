{% set stages = ["lead", "mql", "sal", "sql", "opportunity", "customer"] %}
with
    leads as (select * from {{ ref("int_leads_merged") }}),

    episode_stages as (select * from {{ ref("int_episode_stages") }}),

    -- Only the first episode begins with the lead.
    staged as (
        select
            episode_stages.*,
            leads.lead_source,
            case when episode_stages.episode = 1 then leads.created_at end as lead_at
        from episode_stages
        inner join leads on episode_stages.lead_id = leads.lead_id
    ),

    final as (
        select
            lead_id,
            1 as episode,
            'lead' as stage,
            lead_source,
            created_at as entered_at,
            cast(null as double) as days_since_previous_stage
        from leads
        {% for stage in stages[1:] %}
                {% set previous = stages[loop.index0] %}
            union all
            select
                lead_id,
                episode,
                '{{ stage }}' as stage,
                lead_source,
                {{ stage }}_at as entered_at,
                {{ days_between(previous ~ "_at", stage ~ "_at") }}
                as days_since_previous_stage
            from staged
            where {{ stage }}_at is not null
        {% endfor %}
    )

select *
from final
