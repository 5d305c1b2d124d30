with
    source as (select * from {{ landed_rows("experiment_assignments") }}),

    typed as (
        select
            {{ clean_text("experiment_id") }} as experiment_id,
            coalesce({{ clean_text("lead_id") }}, '') as lead_id,
            {{ clean_text("variant") }} as variant,
            cast(assigned_at as timestamp) as assigned_at,
            cast(_loaded_at as timestamp) as _loaded_at,
            cast(_landed_at as timestamp) as _landed_at
        from source
    ),

    keyed as (
        select *, concat_ws('|', experiment_id, lead_id) as record_key from typed
    ),

    united as ({{ with_staged_rows("keyed") }}),

    ranked as (
        select
            *,
            row_number() over (
                partition by experiment_id, lead_id
                order by {{ latest_first("experiment_assignments") }}
            ) as version_rank
        from united
    ),

    validated as (
        select
            *,
            case
                when version_rank > 1
                then null
                when assigned_at > {{ as_of() }}
                then 'future'
            end as quarantine_reason
        from ranked
    ),

    final as (
        select
            *,
            {{ row_state() }} as row_state,
            assigned_at as effective_at,
            {{ refresh_number() }} as refresh_number
        from validated
    )

select *
from final
