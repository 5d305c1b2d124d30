with
    source as (select * from {{ landed_rows("spend") }}),

    typed as (
        select
            {{ clean_text("spend_id") }} as spend_id,
            cast(spend_date as date) as spend_date,
            cast(amount as decimal(20, 6)) as amount,
            upper({{ clean_text("currency") }}) as currency,
            {{ clean_text("lead_source") }} as lead_source,
            {{ clean_text("campaign_id") }} as campaign_id,
            lower({{ clean_text("category") }}) as category,
            cast(is_refund as boolean) as is_refund,
            cast(impressions as bigint) as impressions,
            cast(clicks as bigint) as clicks,
            cast(is_deleted as boolean) as is_deleted,
            cast(_loaded_at as timestamp) as _loaded_at,
            cast(_landed_at as timestamp) as _landed_at
        from source
    ),

    keyed as (select *, spend_id as record_key from typed),

    united as ({{ with_staged_rows("keyed") }}),

    ranked as (
        select
            *,
            row_number() over (
                partition by spend_id order by {{ latest_first("spend") }}
            ) as version_rank
        from united
    ),

    validated as (
        select
            *,
            case
                when version_rank > 1
                then null
                when is_deleted
                then 'deleted'
                when cast(spend_date as timestamp) > {{ as_of() }}
                then 'future'
                when amount < 0 and not coalesce(is_refund, false)
                then 'negative_spend'
            end as quarantine_reason
        from ranked
    ),

    final as (
        select
            *,
            {{ row_state() }} as row_state,
            cast(spend_date as timestamp) as effective_at,
            {{ refresh_number() }} as refresh_number
        from validated
    )

select *
from final
