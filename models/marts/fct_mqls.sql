with
    bands as (select * from {{ ref("int_score_bands_ranged") }}),

    mqls as (select * from {{ ref("int_episode_mqls") }}),

    stages as (select * from {{ ref("int_episode_stages") }}),

    assessments as (select * from {{ ref("int_criteria_assessments") }}),

    leads as (select * from {{ ref("int_leads_merged") }}),

    final as (
        select
            mqls.lead_id,
            mqls.episode,
            leads.lead_source,
            mqls.mql_at,
            mqls.trigger_kind as trigger,
            mqls.fit_score,
            mqls.engagement_score,
            concat(grades.band, levels.band) as label,
            mqls.policy_version,
            assessments.criteria_met_count,
            assessments.criteria_missing_count,
            stages.sal_at,
            stages.contact_at,
            stages.outcome,
            {{ days_between("mqls.mql_at", "stages.sal_at") }} * 24 as hours_to_accept,
            {{ days_between("mqls.mql_at", "stages.contact_at") }}
            * 24 as hours_to_contact
        from mqls
        inner join leads on mqls.lead_id = leads.lead_id
        inner join
            stages on mqls.lead_id = stages.lead_id and mqls.episode = stages.episode
        inner join
            assessments
            on mqls.lead_id = assessments.lead_id
            and mqls.mql_at >= assessments.valid_from
            and mqls.mql_at < assessments.valid_to
            {{ label_joins("mqls") }}
    )

select *
from final
