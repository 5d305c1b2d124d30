with
    leads as (
        select *
        from {{ ref("fct_leads") }}
        where current_stage = 'lead' and has_consent and not is_excluded
    ),

    people as (select * from {{ ref("dim_leads") }} where not is_deleted),

    nurtured as (select * from {{ ref("int_leads_nurtured") }}),

    dispositions as (select * from {{ ref("fct_dispositions") }}),

    contents as (select * from {{ ref("nurture_content") }}),

    parameters as (
        select max(value) as silent_days
        from {{ ref("report_parameters") }}
        where parameter = 'silent_days'
    ),

    sent_back as (
        select lead_id
        from dispositions
        where disposition in ('recycled', 'rejected')
        group by lead_id
    ),

    staged as (
        select
            leads.*,
            nurtured.attribute_name as next_attribute,
            nurtured.question as next_question,
            nurtured.points_at_stake,
            {{ days_between("nurtured.last_touch_at", as_of()) }} as days_since_touch,
            case
                when sent_back.lead_id is not null
                then 'recycled'
                when coalesce(leads.mql_blocked_reason, '') <> 'engagement'
                then null
                when
                    {{ days_between("nurtured.last_touch_at", as_of()) }}
                    <= parameters.silent_days
                then 'fit_without_engagement'
                else 'silent'
            end as nurture_stage
        from leads
        inner join people on leads.lead_id = people.lead_id
        cross join parameters
        left join nurtured on leads.lead_id = nurtured.lead_id
        left join sent_back on leads.lead_id = sent_back.lead_id
    ),

    final as (
        select
            staged.lead_id,
            staged.lead_source,
            staged.owner_id,
            staged.label,
            staged.fit_score,
            staged.engagement_score,
            staged.nurture_stage,
            staged.days_since_touch,
            staged.next_attribute,
            staged.next_question,
            staged.points_at_stake,
            contents.content
        from staged
        left join contents on staged.nurture_stage = lower(trim(contents.nurture_stage))
        where staged.nurture_stage is not null
    )

select *
from final
