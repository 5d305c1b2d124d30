with
    source as (select * from {{ landed_rows("dispositions") }}),

    typed as (
        select
            {{ clean_text("disposition_id") }} as disposition_id,
            coalesce({{ clean_text("lead_id") }}, '') as lead_id,
            lower({{ clean_text("outcome") }}) as outcome,
            {{ clean_text("reason") }} as reason,
            {{ clean_text("rep_id") }} as rep_id,
            cast(occurred_at as timestamp) as occurred_at,
            cast(_loaded_at as timestamp) as _loaded_at,
            cast(_landed_at as timestamp) as _landed_at
        from source
    ),

    keyed as (select *, disposition_id as record_key from typed),

    united as (
        {{ with_staged_rows("keyed", moments=["effective_at", "next_episode_at"]) }}
    ),

    ranked as (
        select
            *,
            row_number() over (
                partition by disposition_id order by {{ latest_first("dispositions") }}
            ) as version_rank
        from united
    ),

    validated as (
        select
            *,
            case
                when version_rank > 1
                then null
                when occurred_at > {{ as_of() }}
                then 'future'
                when outcome in ('accepted', 'rejected', 'recycled', 'disqualified')
                then null
                else 'unknown_value'
            end as quarantine_reason
        from ranked
    ),

    final as (
        select
            *,
            {{ row_state() }} as row_state,
            occurred_at as effective_at,
            -- Lower bounds of episodes are exclusive.
            occurred_at + interval '1' microsecond as next_episode_at,
            {{ refresh_number() }} as refresh_number
        from validated
    )

select *
from final
