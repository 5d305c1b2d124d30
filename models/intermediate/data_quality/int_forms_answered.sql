with
    answers as (
        select staged.*, affected.survivor_lead_id
        from {{ ref("stg_raw__lead_attributes") }} as staged
        inner join
            {{ ref("int_leads_affected") }} as affected
            on staged.lead_id = affected.lead_id
        where staged.row_state = 'staged' and affected.survivor_lead_id is not null
    ),

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
        group by
            answers.survivor_lead_id,
            coalesce(answers.form_id, 'none'),
            answers.attribute_name,
            answers.captured_at
    )

select *
from final
