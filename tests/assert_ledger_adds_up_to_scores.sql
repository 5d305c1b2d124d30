with
    ledger as (select * from {{ ref("fct_score_ledger") }} where {{ tested_leads() }}),

    scores as (select * from {{ ref("fct_lead_scores") }} where {{ tested_leads() }}),

    totals as (
        select
            lead_id,
            sum(case when score_kind = 'fit' then capped_points else 0 end) as fit,
            sum(
                case when score_kind = 'engagement' then capped_points else 0 end
            ) as engagement
        from ledger
        group by lead_id
    )

select
    coalesce(scores.lead_id, totals.lead_id) as lead_id,
    scores.fit_score,
    totals.fit,
    scores.engagement_score,
    totals.engagement
from scores
full join totals on scores.lead_id = totals.lead_id
where
    scores.lead_id is null
    or abs(scores.fit_score - coalesce(totals.fit, 0)) > 0.000001e0
    or abs(scores.engagement_score - coalesce(totals.engagement, 0)) > 0.000001e0
