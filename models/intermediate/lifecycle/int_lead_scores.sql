with
    statuses as (select * from {{ ref("int_lead_statuses") }}),

    rule_rows as (select * from {{ ref("int_rule_points") }}),

    score_groups as (select * from {{ ref("int_score_groups_bounded") }}),

    -- The ledger has the same sums with a row for what each bound adds or removes.
    group_sums as (
        select
            rule_rows.lead_id,
            rule_rows.score_kind,
            rule_rows.score_group,
            {{
                clamp(
                    "sum(rule_rows.capped_points)",
                    "max(score_groups.min_points)",
                    "max(score_groups.max_points)",
                )
            }} as points
        from rule_rows
        left join
            score_groups
            on rule_rows.score_group = score_groups.score_group
            and rule_rows.score_kind = score_groups.kind
        group by rule_rows.lead_id, rule_rows.score_kind, rule_rows.score_group
    ),

    totals as (
        select
            lead_id,
            {% for kind in ["fit", "engagement"] %}
                {{
                    clamp(
                        "sum(case when score_kind = '"
                        ~ kind
                        ~ "' then points else 0 end)",
                        0.0,
                        100.0,
                    )
                }} as {{ kind }}_score,
            {% endfor %}
            {% for dimension in fit_dimensions() %}
                sum(
                    case
                        when score_kind = 'fit' and score_group = '{{ dimension }}'
                        then points
                    end
                ) as {{ dimension }}_points
                {%- if not loop.last %},{% endif %}
            {% endfor %}
        from group_sums
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
