with
    source as (select * from {{ landed_rows("intent_signals") }}),

    typed as (
        select
            {{ clean_text("signal_id") }} as signal_id,
            {{ clean_text("domain") }} as domain,
            {{ clean_text("lead_id") }} as lead_id,
            {{ clean_text("topic") }} as topic,
            lower({{ clean_text("signal_type") }}) as signal_type,
            cast(strength as double) as strength,
            cast(occurred_at as timestamp) as occurred_at,
            {{ domain_host("domain") }} as host,
            cast(_loaded_at as timestamp) as _loaded_at,
            cast(_landed_at as timestamp) as _landed_at
        from source
    ),

    keyed as (select *, signal_id as record_key from typed),

    united as ({{ with_staged_rows("keyed") }}),

    ranked as (
        select
            *,
            row_number() over (
                partition by signal_id order by {{ latest_first("intent_signals") }}
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
                when lead_id is null and host is null
                then 'no_lead_or_domain'
            end as quarantine_reason
        from ranked
    ),

    final as (
        select
            *,
            {{ row_state() }} as row_state,
            occurred_at as effective_at,
            {{ refresh_number() }} as refresh_number
        from validated
    )

select *
from final
