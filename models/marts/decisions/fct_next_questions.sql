with
    leads as (
        select *
        from {{ ref("int_lead_statuses") }}
        where
            current_stage = 'lead'
            and lead_id in (
                select affected.survivor_lead_id
                from {{ ref("int_leads_affected") }} as affected
            )
    ),

    attributes as (select * from {{ ref("fct_lead_attributes") }}),

    questions as (select * from {{ ref("nurture_questions") }}),

    fit_rules as (
        select * from {{ ref("fit_rules") }} where {{ is_valid_at(as_of()) }}
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
            attributes
            on leads.lead_id = attributes.lead_id
            and stakes.attribute_name = attributes.attribute_name
        where stakes.points_at_stake > 0 and attributes.lead_id is null
    ),

    final as (
        select lead_id, attribute_name, question, points_at_stake
        from missing
        where question_rank = 1
    )

select *
from final
