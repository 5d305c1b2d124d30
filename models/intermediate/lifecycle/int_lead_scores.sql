with
    leads as (select * from {{ ref("int_leads_merged") }}),

    ledger_rows as (select * from {{ ref("int_score_ledger_rows") }}),

    unknowns as (select * from {{ ref("int_fit_unknowns_counted") }}),

    totals as (
        select
            lead_id,
            sum(case when score_kind = 'fit' then capped_points end) as fit_score,
            sum(
                case when score_kind = 'engagement' then capped_points end
            ) as engagement_score
        from ledger_rows
        group by lead_id
    ),

    final as (
        select
            leads.lead_id,
            round(coalesce(totals.fit_score, 0.0), 6) as fit_score,
            round(coalesce(totals.engagement_score, 0.0), 6) as engagement_score,
            unknowns.fit_unknown_count
        from leads
        inner join unknowns on leads.lead_id = unknowns.lead_id
        left join totals on leads.lead_id = totals.lead_id
    )

select *
from final
