with
    statuses as (select * from {{ ref("int_lead_statuses") }}),

    ledger_rows as (select * from {{ ref("int_score_ledger_rows") }}),

    totals as (
        select
            lead_id,
            sum(case when score_kind = 'fit' then capped_points end) as fit_score,
            sum(
                case when score_kind = 'engagement' then capped_points end
            ) as engagement_score,
            {% for dimension in fit_dimensions() %}
                sum(
                    case
                        when score_kind = 'fit' and score_group = '{{ dimension }}'
                        then capped_points
                    end
                ) as {{ dimension }}_points
                {%- if not loop.last %},{% endif %}
            {% endfor %}
        from ledger_rows
        group by lead_id
    ),

    final as (
        select
            statuses.lead_id,
            round(coalesce(totals.fit_score, 0.0), 6) + 0.0 as fit_score,
            round(coalesce(totals.engagement_score, 0.0), 6) + 0.0 as engagement_score,
            statuses.fit_unknown_count,
            {% for dimension in fit_dimensions() %}
                round(coalesce(totals.{{ dimension }}_points, 0.0), 6)
                + 0.0 as {{ dimension }}_points
                {%- if not loop.last %},{% endif %}
            {% endfor %}
        from statuses
        left join totals on statuses.lead_id = totals.lead_id
    )

select *
from final
