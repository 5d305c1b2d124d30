with
    qualification_policy as (select * from {{ ref("qualification_policy") }}),

    ordered as (
        select
            version as policy_version,
            fit_hurdle,
            engagement_threshold,
            coalesce(requires_consent, false) as requires_consent,
            cast(valid_from as timestamp) as declared_from,
            row_number() over (order by valid_from, version) as policy_number,
            lead(cast(valid_from as timestamp)) over (
                order by valid_from, version
            ) as next_from
        from qualification_policy
    ),

    final as (
        select
            policy_version,
            cast(fit_hurdle as double) as fit_hurdle,
            cast(engagement_threshold as double) as engagement_threshold,
            requires_consent,
            declared_from,
            case
                when policy_number = 1 then {{ beginning_of_time() }} else declared_from
            end as valid_from,
            coalesce(next_from, {{ end_of_time() }}) as valid_to
        from ordered
    )

select *
from final
