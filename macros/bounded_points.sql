{% macro bounded_points(slots) -%}
    0.0
    {% for group in slots | map(attribute="group") | unique %}
        + greatest(
            least(
                0.0
                {% for slot in slots if slot.group == group %}
                    + points_{{ slot.slot }}
                {% endfor %},
                max_{{ group }}
            ),
            min_{{ group }}
        )
    {% endfor %}
{%- endmacro %}
