with
    affected as (
        select distinct survivor_lead_id as lead_id from {{ ref("int_leads_affected") }}
    ),

    all_statuses as (select * from {{ ref("int_lead_statuses") }}),

    rules as (select * from {{ ref("int_activity_rules_slotted") }}),

    score_groups as (select * from {{ ref("int_score_groups_bounded") }}),

    statuses as (
        select all_statuses.*
        from all_statuses
        inner join affected on all_statuses.lead_id = affected.lead_id
    ),

    engagement as (
        select
            sums.lead_id,
            max(sums.last_hand_raise_at) as last_hand_raise_at
            {% for slot in score_slots() %}
                ,
                sum(
                    case
                        when rules.slot_number = {{ slot.slot }} then sums.grown_points
                    end
                ) as grown_{{ slot.slot }}
            {% endfor %}
        from {{ ref("int_engagement_sums") }} as sums
        inner join affected on sums.lead_id = affected.lead_id
        inner join rules on sums.rule_id = rules.rule_id
        group by sums.lead_id
    ),

    dimension_points as (
        select
            fit_points.lead_id,
            fit_points.dimension,
            {{
                clamp(
                    "sum(fit_points.points)",
                    "max(score_groups.min_points)",
                    "max(score_groups.max_points)",
                )
            }} as points
        from {{ ref("int_fit_points") }} as fit_points
        inner join affected on fit_points.lead_id = affected.lead_id
        left join
            score_groups
            on fit_points.dimension = score_groups.score_group
            and score_groups.kind = 'fit'
        group by fit_points.lead_id, fit_points.dimension
    ),

    fit as (
        select
            lead_id
            {% for dimension in fit_dimensions() %}
                ,
                sum(
                    case when dimension = '{{ dimension }}' then points end
                ) as {{ dimension }}_points
            {% endfor %}
        from dimension_points
        group by lead_id
    ),

    final as (
        select
            statuses.lead_id,
            statuses.created_at,
            statuses.fit_unknown_count,
            engagement.last_hand_raise_at
            {% for dimension in fit_dimensions() %}
                , coalesce(fit.{{ dimension }}_points, 0.0) as {{ dimension }}_points
            {% endfor %}
            {% for slot in score_slots() %}
                ,
                coalesce(engagement.grown_{{ slot.slot }}, 0.0) as grown_{{ slot.slot }}
            {% endfor %}
        from statuses
        left join engagement on statuses.lead_id = engagement.lead_id
        left join fit on statuses.lead_id = fit.lead_id
    )

select *
from final
