with
    snapshots as (select * from {{ ref("fct_score_snapshots") }}),

    leads as (select * from {{ ref("fct_leads") }}),

    -- Who was an SQL already at the snapshot says nothing about what scores predict.
    matured as (
        select snapshots.*, leads.has_reached_sql, leads.has_reached_customer
        from snapshots
        inner join leads on snapshots.lead_id = leads.lead_id
        where
            {{ days_between("snapshots.snapshot_at", as_of()) }}
            >= {{ var("maturity_days") | int }}
            and coalesce(
                leads.sql_at,
                leads.opportunity_at,
                leads.customer_at,
                {{ end_of_time() }}
            )
            > snapshots.snapshot_at
    ),

    banded as (
        select
            'fit' as score_kind,
            lpad(
                cast(ntile(10) over (order by fit_score, lead_id) as string), 2, '0'
            ) as band,
            fit_score as score,
            has_reached_sql,
            has_reached_customer
        from matured
        union all
        select
            'engagement' as score_kind,
            lpad(
                cast(ntile(10) over (order by engagement_score, lead_id) as string),
                2,
                '0'
            ) as band,
            engagement_score as score,
            has_reached_sql,
            has_reached_customer
        from matured
        union all
        select
            'label' as score_kind,
            label as band,
            null as score,
            has_reached_sql,
            has_reached_customer
        from matured
    ),

    final as (
        select
            score_kind,
            band,
            min(score) as min_score,
            max(score) as max_score,
            count(*) as leads,
            count(case when has_reached_sql then 1 end) as sqls,
            count(case when has_reached_customer then 1 end) as customers,
            count(case when has_reached_sql then 1 end) / count(*) as lead_to_sql_rate,
            count(case when has_reached_customer then 1 end)
            / count(*) as lead_to_customer_rate
        from banded
        group by score_kind, band
    )

select *
from final
