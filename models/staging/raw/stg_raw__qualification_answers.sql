with
    source as (select * from {{ landed_rows("qualification_answers") }}),

    typed as (
        select
            {{ clean_text("answer_id") }} as answer_id,
            coalesce({{ clean_text("lead_id") }}, '') as lead_id,
            upper({{ clean_text("framework") }}) as framework,
            lower({{ clean_text("criterion") }}) as criterion,
            cast(is_met as boolean) as is_met,
            {{ clean_text("evidence") }} as evidence,
            {{ clean_text("assessed_by") }} as assessed_by,
            cast(assessed_at as timestamp) as assessed_at,
            cast(_loaded_at as timestamp) as _loaded_at,
            cast(_landed_at as timestamp) as _landed_at
        from source
    ),

    keyed as (select *, answer_id as record_key from typed),

    united as ({{ with_staged_rows("keyed") }}),

    ranked as (
        select
            *,
            row_number() over (
                partition by answer_id
                order by {{ latest_first("qualification_answers") }}
            ) as version_rank
        from united
    ),

    validated as (
        select
            *,
            case
                when version_rank > 1
                then null
                when assessed_at > {{ as_of() }}
                then 'future'
                when framework in ('BANT', 'MEDDPICC')
                then null
                else 'unknown_value'
            end as quarantine_reason
        from ranked
    ),

    final as (
        select
            *,
            {{ row_state() }} as row_state,
            assessed_at as effective_at,
            {{ refresh_number() }} as refresh_number
        from validated
    )

select *
from final
