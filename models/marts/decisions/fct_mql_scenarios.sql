with
    scenarios as (select * from {{ ref("dim_mql_scenarios") }}),

    chances as (select * from {{ ref("fct_mql_chances") }}),

    mqls as (select * from {{ ref("fct_mqls") }}),

    -- What the policy did is known; what another one would have done is simulated.
    final as (
        select
            scenarios.fit_hurdle,
            scenarios.engagement_threshold,
            chances.lead_id,
            chances.episode,
            min(chances.first_cleared_at) as qualified_at
        from scenarios
        inner join
            chances
            on scenarios.fit_hurdle <= chances.fit_hurdle
            and scenarios.engagement_threshold <= chances.engagement_threshold
        where not scenarios.is_policy
        group by
            scenarios.fit_hurdle,
            scenarios.engagement_threshold,
            chances.lead_id,
            chances.episode
        union all
        select
            scenarios.fit_hurdle,
            scenarios.engagement_threshold,
            mqls.lead_id,
            mqls.episode,
            mqls.mql_at as qualified_at
        from scenarios
        cross join mqls
        where scenarios.is_policy
    )

select *
from final
