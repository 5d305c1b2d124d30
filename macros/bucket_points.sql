{% macro bucket_points(
    weighted_points, moment_at, created_at, half_life_days, max_points
) -%}
    {{
        clamp(
            weighted_points
            ~ " / "
            ~ decay_weight(moment_at, created_at, half_life_days),
            "-" ~ max_points,
            max_points,
        )
    }}
{%- endmacro %}
