{% macro touch_factor(shares, touches, effects) -%}
    {#- Two uses, which must agree: the sum of a path and its parts. -#}
    case
        when {{ shares }}.half_life_days is null
        then 1.0
        else
            power(
                2.0,
                -
                {{ days_between(touches ~ ".touched_at", shares ~ ".last_touched_at") }}
                / {{ shares }}.half_life_days
            )
    end * case
        when {{ shares }}.is_data_driven then {{ effects }}.removal_effect else 1.0
    end
{%- endmacro %}
