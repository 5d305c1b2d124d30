with
    leads as (select * from {{ ref("int_leads_merged") }}),

    closings as (select * from {{ ref("int_episode_closings") }}),

    -- Lower bounds are exclusive; a reopened episode covers its start too, and times
    -- have microseconds.
    starts as (
        select
            lead_id, created_at as started_at, {{ beginning_of_time() }} as starts_after
        from leads
        union all
        select
            lead_id,
            coalesce(reopened_at, closed_at) as started_at,
            coalesce({{ microsecond_before("reopened_at") }}, closed_at) as starts_after
        from closings
        where closing_outcome <> 'disqualified' or reopened_at is not null
    ),

    numbered as (
        select
            *,
            row_number() over (partition by lead_id order by starts_after) as episode,
            coalesce(
                lead(starts_after) over (partition by lead_id order by starts_after),
                {{ end_of_time() }}
            ) as next_starts_after
        from starts
    ),

    ended as (
        select numbered.lead_id, numbered.episode, min(closings.closed_at) as closed_at
        from numbered
        inner join
            closings
            on numbered.lead_id = closings.lead_id
            and numbered.starts_after < closings.closed_at
            and numbered.next_starts_after >= closings.closed_at
        group by numbered.lead_id, numbered.episode
    ),

    final as (
        select
            numbered.lead_id,
            numbered.episode,
            numbered.started_at,
            leads.created_at,
            numbered.starts_after,
            numbered.next_starts_after,
            coalesce(ended.closed_at, {{ end_of_time() }}) as ends_at,
            closings.closing_outcome,
            numbered.starts_after < {{ as_of() }}
            and numbered.next_starts_after >= {{ as_of() }} as is_in_force
        from numbered
        inner join leads on numbered.lead_id = leads.lead_id
        left join
            ended
            on numbered.lead_id = ended.lead_id
            and numbered.episode = ended.episode
        left join
            closings
            on ended.lead_id = closings.lead_id
            and ended.closed_at = closings.closed_at
    )

select *
from final
