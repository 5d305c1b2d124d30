with
    source as (select * from {{ landed_rows("lead_attributes") }}),

    typed as (
        select
            coalesce({{ clean_text("lead_id") }}, '') as lead_id,
            lower({{ clean_text("attribute_name") }}) as attribute_name,
            {{ clean_text("attribute_value") }} as attribute_value,
            cast(captured_at as timestamp) as captured_at,
            {{ clean_text("form_id") }} as form_id,
            cast(_loaded_at as timestamp) as _loaded_at,
            cast(_landed_at as timestamp) as _landed_at
        from source
    ),

    keyed as (
        select
            *,
            concat_ws(
                '|', lead_id, attribute_name, cast(captured_at as string)
            ) as record_key
        from typed
    ),

    united as ({{ with_staged_rows("keyed") }}),

    ranked as (
        select
            *,
            row_number() over (
                partition by lead_id, attribute_name, captured_at
                order by {{ latest_first("lead_attributes") }}
            ) as version_rank
        from united
    ),

    validated as (
        select
            *,
            case
                when version_rank > 1
                then null
                when captured_at > {{ as_of() }}
                then 'future'
            end as quarantine_reason
        from ranked
    ),

    final as (
        select
            *,
            {{ row_state() }} as row_state,
            captured_at as effective_at,
            {{ refresh_number() }} as refresh_number
        from validated
    )

select *
from final
