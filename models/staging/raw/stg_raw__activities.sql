{% set typed_rows %}
    select
        {{ clean_text("activity_id") }} as activity_id,
        coalesce({{ clean_text("lead_id") }}, '') as lead_id,
        lower({{ clean_text("activity_type") }}) as activity_type,
        cast(occurred_at as timestamp) as occurred_at,
        {{ clean_text("campaign_id") }} as campaign_id,
        {{ clean_text("asset") }} as asset,
        -- What an address of a referrer asks for may be anything, an e-mail too.
        case
            when lead_source like '%://%'
            then regexp_replace({{ clean_text("lead_source") }}, '[?#].*$', '')
            else {{ clean_text("lead_source") }}
        end as lead_source,
        cast(is_deleted as boolean) as is_deleted,
        cast(_loaded_at as timestamp) as _loaded_at,
        cast(_landed_at as timestamp) as _landed_at,
        {{ hash_of(clean_text("activity_id")) }} as activity_hash
    from {{ landed_rows("activities") }}
{% endset %}

{% set version_rank %}
    row_number() over (
        partition by activity_id order by {{ latest_first("activities") }}
    ) as version_rank
{% endset %}

with
    {% if is_incremental() %}
        typed as ({{ typed_rows }}),

        united as ({{ with_staged_rows("typed", key="activity_hash") }}),

        ranked as (select *, {{ version_rank }} from united),
    {% else %}
        -- Ranking every row would sort the largest table by its text key; only the few
        -- rows whose key hash occurs twice are ranked. The typed rows are written into
        -- each branch instead of a shared CTE, which would be held in memory whole.
        repeated as (
            select activity_hash
            from ({{ typed_rows }}) as typed
            group by activity_hash
            having count(*) > 1
        ),

        ranked as (
            select typed.*, 1 as version_rank
            from ({{ typed_rows }}) as typed
            left join repeated on typed.activity_hash = repeated.activity_hash
            where repeated.activity_hash is null
            union all
            select typed.*, {{ version_rank }}
            from ({{ typed_rows }}) as typed
            inner join repeated on typed.activity_hash = repeated.activity_hash
        ),
    {% endif %}

    validated as (
        select
            *,
            case
                when version_rank > 1
                then null
                when is_deleted
                then 'deleted'
                when occurred_at > {{ as_of() }}
                then 'future'
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
