{% macro time_factor(path, touches) -%}
    {#- Two uses, which must agree: the sum of a path and its parts. -#}
    case
        when coalesce({{ path }}.half_life_days, 0) = 0
        then 1.0
        else
            power(
                2.0,
                - {{ days_between(touches ~ ".touched_at", path ~ ".last_touched_at") }}
                / {{ path }}.half_life_days
            )
    end
{%- endmacro %}
