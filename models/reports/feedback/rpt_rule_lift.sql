with
    compared as (select * from {{ ref("int_rules_compared") }}),

    parameters as (
        select
            max(case when parameter = 'confidence_z' then value end) as confidence_z,
            max(case when parameter = 'minimum_leads' then value end) as minimum_leads
        from {{ ref("report_parameters") }}
    ),

    -- The logarithm of a lift has about this error, that of two independent shares.
    rated as (
        select
            compared.*,
            compared.matched_sqls
            / nullif(compared.matched_leads, 0) as matched_sql_rate,
            compared.other_sqls / nullif(compared.other_leads, 0) as other_sql_rate,
            compared.matched_customers
            / nullif(compared.matched_leads, 0) as matched_customer_rate,
            compared.other_customers
            / nullif(compared.other_leads, 0) as other_customer_rate,
            parameters.confidence_z * sqrt(
                1e0 / nullif(compared.matched_sqls, 0)
                - 1e0 / nullif(compared.matched_leads, 0)
                + 1e0 / nullif(compared.other_sqls, 0)
                - 1e0 / nullif(compared.other_leads, 0)
            ) as sql_error,
            parameters.confidence_z * sqrt(
                1e0 / nullif(compared.matched_customers, 0)
                - 1e0 / nullif(compared.matched_leads, 0)
                + 1e0 / nullif(compared.other_customers, 0)
                - 1e0 / nullif(compared.other_leads, 0)
            ) as customer_error,
            case
                when
                    not compared.is_direct_contact
                    and least(compared.matched_leads, compared.other_leads)
                    >= parameters.minimum_leads
                then
                    ln(compared.matched_sqls + 0.5e0)
                    - ln(compared.matched_leads - compared.matched_sqls + 0.5e0)
                    - ln(compared.other_sqls + 0.5e0)
                    + ln(compared.other_leads - compared.other_sqls + 0.5e0)
            end as log_odds
        from compared
        cross join parameters
    ),

    lifted as (
        select
            *,
            matched_sql_rate / nullif(other_sql_rate, 0) as sql_lift,
            matched_customer_rate / nullif(other_customer_rate, 0) as customer_lift
        from rated
    ),

    final as (
        select
            score_kind,
            rule_id,
            matched_leads,
            other_leads,
            matched_sql_rate,
            other_sql_rate,
            sql_lift,
            sql_lift * exp(- sql_error) as sql_lift_low,
            sql_lift * exp(sql_error) as sql_lift_high,
            matched_customer_rate,
            other_customer_rate,
            customer_lift,
            customer_lift * exp(- customer_error) as customer_lift_low,
            customer_lift * exp(customer_error) as customer_lift_high,
            points,
            log_odds,
            round(
                log_odds
                * sum(case when log_odds is not null then abs(points) end) over kinds
                / nullif(sum(abs(log_odds)) over kinds, 0),
                1
            ) as suggested_points
        from lifted
        window kinds as (partition by score_kind)
    )

select *
from final
