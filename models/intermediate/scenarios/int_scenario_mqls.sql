with
    scenarios as (select * from {{ ref("int_mql_scenarios") }}),

    results as (select * from {{ ref("int_scenario_results") }}),

    mqls as (select * from {{ ref("fct_mqls") }}),

    -- What the policy did is known; what another one would have done is simulated.
    final as (
        select
            scenarios.fit_hurdle,
            scenarios.engagement_threshold,
            results.lead_id,
            results.episode,
            min(results.first_cleared_at) as qualified_at
        from scenarios
        inner join
            results
            on scenarios.fit_hurdle <= results.fit_hurdle
            and scenarios.engagement_threshold <= results.engagement_threshold
        where not scenarios.is_policy
        group by
            scenarios.fit_hurdle,
            scenarios.engagement_threshold,
            results.lead_id,
            results.episode
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
