with
    leads as (
        select *
        from {{ ref("fct_leads") }}
        where
            {{ days_between("created_at", as_of()) }}
            >= {{ var("maturity_days") | int }}
    ),

    ledger as (select * from {{ ref("fct_score_ledger") }}),

    rules as (
        select 'fit' as score_kind, rule_id, points, false as is_direct_contact
        from {{ ref("fit_rules") }}
        where {{ is_valid_at(as_of()) }}
        union all
        select 'engagement' as score_kind, rule_id, points, is_direct_contact
        from {{ ref("activity_rules") }}
        where {{ is_valid_at(as_of()) }}
    ),

    totals as (
        select
            count(*) as leads,
            count(case when has_reached_sql then 1 end) as sqls,
            count(case when has_reached_customer then 1 end) as customers
        from leads
    ),

    -- Only clamps count no events.
    matches as (
        select
            ledger.score_kind,
            ledger.rule_id,
            count(*) as leads,
            count(case when leads.has_reached_sql then 1 end) as sqls,
            count(case when leads.has_reached_customer then 1 end) as customers
        from ledger
        inner join leads on ledger.lead_id = leads.lead_id
        where ledger.event_count is not null
        group by ledger.score_kind, ledger.rule_id
    ),

    final as (
        select
            rules.score_kind,
            rules.rule_id,
            cast(rules.points as double) as points,
            coalesce(rules.is_direct_contact, false) as is_direct_contact,
            coalesce(matches.leads, 0) as matched_leads,
            totals.leads - coalesce(matches.leads, 0) as other_leads,
            coalesce(matches.sqls, 0) as matched_sqls,
            totals.sqls - coalesce(matches.sqls, 0) as other_sqls,
            coalesce(matches.customers, 0) as matched_customers,
            totals.customers - coalesce(matches.customers, 0) as other_customers
        from rules
        cross join totals
        left join
            matches
            on rules.score_kind = matches.score_kind
            and rules.rule_id = matches.rule_id
    )

select *
from final
