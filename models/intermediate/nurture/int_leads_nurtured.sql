with
    statuses as (select * from {{ ref("int_lead_statuses") }}),

    affected as (select * from {{ ref("int_leads_affected") }}),

    events as (select * from {{ ref("int_lead_events") }} where is_touch),

    periods as (
        select *
        from {{ ref("int_lead_attribute_periods") }}
        where valid_to = {{ end_of_time() }}
    ),

    questions as (select * from {{ ref("nurture_questions") }}),

    fit_rules as (
        select * from {{ ref("fit_rules") }} where {{ is_valid_at(as_of()) }}
    ),

    leads as (
        select lead_id
        from statuses
        where
            current_stage = 'lead'
            and lead_id in (select affected.survivor_lead_id from affected)
    ),

    touches as (
        select lead_id, max(occurred_at) as last_touch_at from events group by lead_id
    ),

    -- What the best answer would add over no answer.
    stakes as (
        select
            lower(trim(questions.attribute_name)) as attribute_name,
            max(questions.question) as question,
            max(
                case
                    when lower(trim(fit_rules.comparison)) <> 'is_missing'
                    then cast(fit_rules.points as double)
                end
            ) - coalesce(
                sum(
                    case
                        when lower(trim(fit_rules.comparison)) = 'is_missing'
                        then cast(fit_rules.points as double)
                    end
                ),
                0
            ) as points_at_stake
        from questions
        inner join
            fit_rules
            on lower(trim(questions.attribute_name))
            = lower(trim(fit_rules.attribute_name))
        group by lower(trim(questions.attribute_name))
    ),

    missing as (
        select
            leads.lead_id,
            stakes.*,
            row_number() over (
                partition by leads.lead_id
                order by stakes.points_at_stake desc, stakes.attribute_name asc
            ) as question_rank
        from leads
        cross join stakes
        left join
            periods
            on leads.lead_id = periods.lead_id
            and stakes.attribute_name = periods.attribute_name
        where stakes.points_at_stake > 0 and periods.lead_id is null
    ),

    final as (
        select
            leads.lead_id,
            touches.last_touch_at,
            missing.attribute_name,
            missing.question,
            missing.points_at_stake
        from leads
        left join touches on leads.lead_id = touches.lead_id
        left join
            missing on leads.lead_id = missing.lead_id and missing.question_rank = 1
    )

select *
from final
