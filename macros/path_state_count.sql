{# One use; a macro, so that a unit test can say the number. #}
{% macro path_state_count() -%}
    {%- set transitions = ref("int_source_transitions") -%}
    {%- set counts = [1] -%}
    {%- if execute and load_relation(transitions) is not none -%}
        {%- do counts.append(
            run_query(
                "select count(distinct from_state) + 1 from " ~ transitions
            )
            .columns[0]
            .values()[0]
            | int
        ) -%}
    {%- endif -%}
    {{ return(counts | max) }}
{%- endmacro %}
