{% macro lift_columns(stage, plural) -%}
    {%- set lift = (
        "(matched_"
        ~ plural
        ~ " / nullif(matched_leads, 0)) / nullif(other_"
        ~ plural
        ~ " / nullif(other_leads, 0), 0)"
    ) -%}
    {%- set error = (
        parameter("confidence_z")
        ~ " * sqrt(1.0 / nullif(matched_"
        ~ plural
        ~ ", 0) - 1.0 / nullif(matched_leads, 0) + 1.0 / nullif(other_"
        ~ plural
        ~ ", 0) - 1.0 / nullif(other_leads, 0))"
    ) -%}
    matched_{{ plural }} / nullif(matched_leads, 0) as matched_{{ stage }}_rate,
    other_{{ plural }} / nullif(other_leads, 0) as other_{{ stage }}_rate,
    {{ lift }} as {{ stage }}_lift,
    {{ lift }} * exp(-{{ error }}) as {{ stage }}_lift_low,
    {{ lift }} * exp({{ error }}) as {{ stage }}_lift_high
{%- endmacro %}
