with
    rule_days as (select * from {{ ref("int_engagement_rule_days") }}),

    events as (select * from {{ ref("int_lead_events") }}),

    episodes as (select * from {{ ref("int_episodes") }}),

    leads as (select * from {{ ref("int_leads_merged") }}),

    buckets as (select * from {{ ref("int_decay_buckets") }}),

    sqls as (
        select lead_id, episode, sql_at as moment_at
        from {{ ref("int_episode_stages") }}
        where sql_at is not null
    ),

    scores as ({{ engagement_at("sqls") }}),

    final as (
        select
            sqls.lead_id,
            sqls.episode,
            sqls.moment_at,
            coalesce(scores.engagement_score, 0e0) as engagement_score
        from sqls
        left join
            scores on sqls.lead_id = scores.lead_id and sqls.episode = scores.episode
    )

select *
from final
