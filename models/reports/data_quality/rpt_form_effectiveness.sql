{% set told_by_others = built_in_attributes().values() | sum(start=[]) %}
with
    answers as (select * from {{ ref("int_forms_answered") }}),

    leads as (select * from {{ ref("fct_leads") }}),

    rules as (select * from {{ ref("fit_rules") }} where {{ is_valid_at(as_of()) }}),

    -- Answers named like a column of lead or company are ignored, so no form can help.
    needed as (
        select lower(trim(attribute_name)) as attribute_name
        from rules
        where lower(trim(attribute_name)) not in ('{{ told_by_others | join("', '") }}')
        group by lower(trim(attribute_name))
    ),

    fields as (
        select
            form_id,
            asked_attribute,
            sum(answer_count) as answer_count,
            sum(filled_count) as filled_count
        from answers
        group by form_id, asked_attribute
    ),

    forms as (select form_id from answers group by form_id),

    listed as (
        select
            fields.form_id,
            count(*) as field_count,
            {{ joined_text("fields.asked_attribute") }} as fields_captured,
            {{ joined_text("needed.attribute_name") }} as fit_fields_captured,
            count(needed.attribute_name) as fit_field_count,
            cast(sum(fields.filled_count) as double)
            / sum(fields.answer_count) as answered_rate
        from fields
        left join needed on fields.asked_attribute = needed.attribute_name
        group by fields.form_id
    ),

    lacking as (
        select
            forms.form_id,
            {{ joined_text("needed.attribute_name") }} as fit_fields_not_asked
        from forms
        cross join needed
        left join
            fields
            on forms.form_id = fields.form_id
            and needed.attribute_name = fields.asked_attribute
        where fields.form_id is null
        group by forms.form_id
    ),

    submitted as (
        select form_id, lead_id, count(distinct captured_at) as submissions
        from answers
        group by form_id, lead_id
    ),

    reached as (
        select
            submitted.form_id,
            cast(sum(submitted.submissions) as bigint) as submissions,
            count(*) as leads,
            count(case when leads.has_reached_mql then 1 end) as mqls
        from submitted
        inner join leads on submitted.lead_id = leads.lead_id
        group by submitted.form_id
    ),

    final as (
        select
            reached.form_id,
            reached.submissions,
            reached.leads,
            reached.mqls,
            cast(reached.mqls as double) / reached.leads as lead_to_mql_rate,
            listed.field_count,
            listed.answered_rate,
            listed.fields_captured,
            listed.fit_field_count,
            listed.fit_fields_captured,
            lacking.fit_fields_not_asked
        from reached
        inner join listed on reached.form_id = listed.form_id
        left join lacking on reached.form_id = lacking.form_id
    )

select *
from final
