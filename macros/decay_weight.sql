{% macro decay_weight(moment_at, created_at, half_life_days) -%}
    {#-
        2 to the number of half-lives since an anchor of the lead. Points times the
        decay weight at their time add up to a sum that no later time changes; divided by
        the decay weight at t it is the decayed sum at t. The anchor lies 1000 half-lives
        after the creation: doubles reach 2000 half-lives (38 years at 7 days) from it.
    -#}
    case
        when {{ half_life_days }} is null
        then 1e0
        else
            power(
                2e0,
                greatest(
                    least(
                        {{
                            days_between(
                                "greatest("
                                ~ created_at
                                ~ ", cast('2000-01-01' as timestamp))",
                                moment_at,
                            )
                        }} / {{ half_life_days }} - 1000e0, 1000e0
                    ),
                    -1060e0
                )
            )
    end
{%- endmacro %}
