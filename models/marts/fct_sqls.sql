with
    bands as (select * from {{ ref("int_score_bands_ranged") }}),

    sql_scores as (select * from {{ ref("int_sql_scores") }}),

    stages as (select * from {{ ref("int_episode_stages") }}),

    assessments as (select * from {{ ref("int_criteria_assessments") }}),

    fit_scores as (select * from {{ ref("int_fit_scores") }}),

    policies as (select * from {{ ref("int_policy_periods") }}),

    leads as (select * from {{ ref("int_leads_merged") }}),

    sqls as (
        select
            stages.*,
            leads.lead_source,
            fit_scores.fit_score,
            sql_scores.engagement_score,
            policies.policy_version,
            assessments.criteria_met_count,
            assessments.criteria_missing_count
        from stages
        inner join leads on stages.lead_id = leads.lead_id
        inner join
            sql_scores
            on stages.lead_id = sql_scores.lead_id
            and stages.episode = sql_scores.episode
        inner join
            assessments
            on stages.lead_id = assessments.lead_id
            and stages.sql_at >= assessments.valid_from
            and stages.sql_at < assessments.valid_to
        inner join
            fit_scores
            on stages.lead_id = fit_scores.lead_id
            and stages.sql_at >= fit_scores.valid_from
            and stages.sql_at < fit_scores.valid_to
        inner join
            policies
            on stages.sql_at >= policies.valid_from
            and stages.sql_at < policies.valid_to
        where stages.sql_at is not null
    ),

    final as (
        select
            sqls.lead_id,
            sqls.episode,
            sqls.lead_source,
            sqls.sql_at,
            sqls.sql_trigger as trigger,
            sqls.mql_at is null as is_sales_sourced,
            sqls.fit_score,
            sqls.engagement_score,
            concat(grades.band, levels.band) as label,
            sqls.policy_version,
            sqls.criteria_met_count,
            sqls.criteria_missing_count,
            sqls.mql_at,
            sqls.outcome,
            {{ days_between("sqls.mql_at", "sqls.sal_at") }} * 24 as hours_to_accept,
            {{ days_between("sqls.mql_at", "sqls.contact_at") }}
            * 24 as hours_to_contact
        from sqls {{ label_joins("sqls") }}
    )

select *
from final
