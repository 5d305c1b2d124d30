{% macro bounded_points(buckets) -%}
    0e0
    {% for group in buckets | map(attribute="group") | unique %}
        + greatest(
            least(
                0e0
                {% for bucket in buckets if bucket.group == group %}
                    + points_{{ bucket.number }}
                {% endfor %},
                max_{{ group }}
            ),
            min_{{ group }}
        )
    {% endfor %}
{%- endmacro %}
