with
    source as (select * from {{ landed_rows("opportunities") }}),

    typed as (
        select
            {{ clean_text("opportunity_id") }} as opportunity_id,
            {{ clean_text("lead_id") }} as lead_id,
            lower({{ clean_text("status") }}) as status,
            {{ clean_text("stage") }} as stage,
            cast(amount as decimal(20, 6)) as amount,
            upper({{ clean_text("currency") }}) as currency,
            cast(created_at as timestamp) as created_at,
            cast(closed_at as timestamp) as closed_at,
            cast(updated_at as timestamp) as updated_at,
            {{ clean_text("company_id") }} as company_id,
            cast(is_deleted as boolean) as is_deleted,
            cast(_loaded_at as timestamp) as _loaded_at,
            cast(_landed_at as timestamp) as _landed_at
        from source
    ),

    versioned as (
        select
            *,
            coalesce(updated_at, created_at) as version_at,
            coalesce(closed_at, updated_at, created_at) as decided_at
        from typed
    ),

    keyed as (select *, opportunity_id as record_key from versioned),

    united as ({{ with_staged_rows("keyed", moments=["effective_at", "decided_at"]) }}),

    ranked as (
        select
            *,
            row_number() over (
                partition by opportunity_id, version_at
                order by {{ latest_first("opportunities") }}
            ) as version_rank
        from united
    ),

    validated as (
        {{
            versions_validated(
                "ranked",
                "opportunity_id",
                "when is_deleted then 'deleted' when created_at > "
                ~ as_of()
                ~ " then 'future' when coalesce(status, '') not in ('open', 'won', 'lost')"
                ~ " then 'unknown_value' when lead_id is null then 'no_lead'",
            )
        }}
    ),

    final as (
        select
            *,
            {{ row_state() }} as row_state,
            case when is_in_force then created_at else version_at end as effective_at,
            {{ refresh_number() }} as refresh_number
        from validated
    )

select *
from final
