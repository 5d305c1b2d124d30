with
    mqls as (select * from {{ ref("fct_mqls") }}),

    policies as (select * from {{ ref("qualification_policy") }})

select mqls.lead_id, mqls.episode
from mqls
inner join policies on mqls.policy_version = policies.version
where
    mqls.fit_score < policies.fit_hurdle
    or (
        mqls.engagement_score < policies.engagement_threshold
        and mqls.trigger <> 'hand_raise'
    )
