with
    answers as (select * from {{ ref("int_lead_attributes_resolved") }}),

    leads as (select * from {{ ref("int_leads_merged") }}),

    final as (
        select
            answers.survivor_lead_id as lead_id,
            coalesce(answers.form_id, 'none') as form_id,
            answers.attribute_name as asked_attribute,
            answers.captured_at,
            count(*) as answer_count,
            count(answers.attribute_value) as filled_count
        from answers
        inner join leads on answers.survivor_lead_id = leads.lead_id
        where answers.resolved_state = 'staged'
        group by
            answers.survivor_lead_id,
            coalesce(answers.form_id, 'none'),
            answers.attribute_name,
            answers.captured_at
    )

select *
from final
