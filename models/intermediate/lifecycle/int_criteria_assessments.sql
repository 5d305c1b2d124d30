with
    leads as (select * from {{ ref("int_leads_merged") }}),

    answers as (
        select staged.*, affected.survivor_lead_id
        from {{ ref("stg_raw__qualification_answers") }} as staged
        inner join
            {{ ref("int_leads_affected") }} as affected
            on staged.lead_id = affected.lead_id
        where staged.row_state = 'staged' and affected.survivor_lead_id is not null
    ),

    criteria_rows as (select * from {{ ref("qualification_criteria") }}),

    criteria as (
        select
            upper(trim(framework)) as framework,
            lower(trim(criterion)) as criterion,
            coalesce(is_required, false) as is_required,
            coalesce(minimum_met, 0) as minimum_met
        from criteria_rows
    ),

    moments as (
        select lead_id, {{ beginning_of_time() }} as moment_at
        from leads
        union
        select survivor_lead_id as lead_id, assessed_at as moment_at
        from answers
    ),

    -- A framework without criteria asks nothing.
    latest as (
        select
            moments.lead_id,
            moments.moment_at,
            criteria.framework,
            criteria.is_required,
            criteria.minimum_met,
            coalesce(answers.is_met, false) as is_met,
            row_number() over (
                partition by
                    moments.lead_id,
                    moments.moment_at,
                    criteria.framework,
                    criteria.criterion
                order by answers.assessed_at desc nulls last, answers.answer_id desc
            ) as answer_rank
        from moments
        left join criteria on true
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
            moment_at,
            sum(case when is_met then 1 else 0 end) as met_count,
            sum(
                case when is_required and not is_met then 1 else 0 end
            ) as missing_count,
            coalesce(max(minimum_met), 0) as minimum_met
        from latest
        where answer_rank = 1
        group by lead_id, moment_at, framework
    ),

    final as (
        select
            lead_id,
            moment_at as valid_from,
            coalesce(
                lead(moment_at) over (partition by lead_id order by moment_at),
                {{ end_of_time() }}
            ) as valid_to,
            cast(sum(met_count) as bigint) as criteria_met_count,
            cast(sum(missing_count) as bigint) as criteria_missing_count,
            min(missing_count = 0 and met_count >= minimum_met) as is_qualified
        from by_framework
        group by lead_id, moment_at
    )

select *
from final
