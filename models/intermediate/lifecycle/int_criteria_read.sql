with
    moments as (select * from {{ ref("int_criteria_moments") }}),

    answer_rows as (select * from {{ ref("int_qualification_answers_resolved") }}),

    criteria_rows as (select * from {{ ref("qualification_criteria") }}),

    answers as (select * from answer_rows where resolved_state = 'staged'),

    criteria as (
        select
            upper(trim(framework)) as framework,
            lower(trim(criterion)) as criterion,
            coalesce(is_required, false) as is_required,
            minimum_met
        from criteria_rows
    ),

    latest as (
        select
            moments.lead_id,
            moments.episode,
            moments.moment_at,
            criteria.framework,
            criteria.is_required,
            criteria.minimum_met,
            coalesce(answers.is_met, false) as is_met,
            row_number() over (
                partition by
                    moments.lead_id,
                    moments.episode,
                    moments.moment_at,
                    criteria.framework,
                    criteria.criterion
                order by answers.assessed_at desc nulls last, answers.answer_id desc
            ) as answer_rank
        from moments
        cross join criteria
        left join
            answers
            on moments.lead_id = answers.survivor_lead_id
            and criteria.framework = answers.framework
            and criteria.criterion = answers.criterion
            and moments.moment_at >= answers.assessed_at
    ),

    by_framework as (
        select
            lead_id,
            episode,
            moment_at,
            framework,
            sum(case when is_met then 1 else 0 end) as met_count,
            sum(
                case when is_required and not is_met then 1 else 0 end
            ) as missing_count,
            max(coalesce(minimum_met, 0)) as minimum_met
        from latest
        where answer_rank = 1
        group by lead_id, episode, moment_at, framework
    ),

    totals as (
        select
            lead_id,
            episode,
            moment_at,
            cast(sum(met_count) as bigint) as criteria_met_count,
            cast(sum(missing_count) as bigint) as criteria_missing_count,
            min(
                case
                    when missing_count = 0 and met_count >= minimum_met then 1 else 0
                end
            )
            = 1 as is_qualified
        from by_framework
        group by lead_id, episode, moment_at
    ),

    final as (
        select
            moments.lead_id,
            moments.episode,
            moments.moment_at,
            coalesce(totals.criteria_met_count, 0) as criteria_met_count,
            coalesce(totals.criteria_missing_count, 0) as criteria_missing_count,
            coalesce(totals.is_qualified, true) as is_qualified
        from moments
        left join
            totals
            on moments.lead_id = totals.lead_id
            and moments.episode = totals.episode
            and moments.moment_at = totals.moment_at
    )

select *
from final
