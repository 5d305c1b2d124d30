{# Written into each branch instead of a shared CTE, which would be held in memory whole. #}
{% set typed_rows %}
    select
        {{ clean_text("activity_id") }} as activity_id,
        {{ clean_text("lead_id") }} as lead_id,
        lower({{ clean_text("activity_type") }}) as activity_type,
        cast(occurred_at as timestamp) as occurred_at,
        {{ clean_text("campaign_id") }} as campaign_id,
        {{ clean_text("asset") }} as asset,
        cast(_loaded_at as timestamp) as _loaded_at,
        cast(_landed_at as timestamp) as _landed_at
    from {{ raw_rows("activities") }}
{% endset %}

-- Ranking every row would sort the largest table by its text key; only the few rows
-- whose key hash occurs twice are ranked.
with
    repeated as (
        select {{ hash_of(clean_text("activity_id")) }} as activity_hash
        from {{ raw_rows("activities") }}
        group by {{ hash_of(clean_text("activity_id")) }}
        having count(*) > 1
    ),

    singles as (
        select typed.*, 1 as version_rank
        from ({{ typed_rows }}) as typed
        left join
            repeated on {{ hash_of("typed.activity_id") }} = repeated.activity_hash
        where repeated.activity_hash is null
    ),

    ranked as (
        select
            typed.*,
            row_number() over (
                partition by typed.activity_id order by {{ latest_first("activities") }}
            ) as version_rank
        from ({{ typed_rows }}) as typed
        inner join
            repeated on {{ hash_of("typed.activity_id") }} = repeated.activity_hash
    ),

    united as (
        select *
        from singles
        union all
        select *
        from ranked
    ),

    judged as (
        select
            *,
            activity_id as record_key,
            case
                when version_rank > 1
                then null
                when occurred_at > {{ as_of() }}
                then 'future'
            end as quarantine_reason
        from united
    ),

    final as (select *, {{ row_state() }} as row_state from judged)

select *
from final
