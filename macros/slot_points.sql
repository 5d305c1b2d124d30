{% macro slot_points(
    grown_points, moment_at, created_at, half_life_days, max_points
) -%}
    {{
        clamp(
            grown_points ~ " / " ~ growth(moment_at, created_at, half_life_days),
            "-" ~ max_points,
            max_points,
        )
    }}
{%- endmacro %}
