with
    source as (select * from {{ landed_rows("campaigns") }}),

    typed as (
        select
            {{ clean_text("campaign_id") }} as campaign_id,
            {{ clean_text("campaign_name") }} as campaign_name,
            {{ clean_text("lead_source") }} as lead_source,
            {{ clean_text("channel") }} as channel,
            cast(started_at as timestamp) as started_at,
            cast(ended_at as timestamp) as ended_at,
            cast(_loaded_at as timestamp) as _loaded_at,
            cast(_landed_at as timestamp) as _landed_at
        from source
    ),

    keyed as (select *, campaign_id as record_key from typed),

    united as ({{ with_staged_rows("keyed", moments=[]) }}),

    ranked as (
        select
            *,
            row_number() over (
                partition by campaign_id order by {{ latest_first("campaigns") }}
            ) as version_rank
        from united
    ),

    validated as (select *, cast(null as string) as quarantine_reason from ranked),

    final as (
        select
            *, {{ row_state() }} as row_state, {{ refresh_number() }} as refresh_number
        from validated
    )

select *
from final
