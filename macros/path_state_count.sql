{% macro path_state_count() -%}
    {#- One use; a macro, so that a unit test can say the number. -#}
    {%- set transitions = ref("int_source_transitions") -%}
    {%- set counts = [0] -%}
    {%- if execute and load_relation(transitions) is not none -%}
        {%- for row in run_query(
            "select count(distinct from_state) from "
            ~ transitions
            ~ " group by milestone"
        ).rows -%}
            {%- do counts.append(row[0] | int) -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(counts | max) }}
{%- endmacro %}
