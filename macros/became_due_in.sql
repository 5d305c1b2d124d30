{#
    For each model that the mere passing of time changes only where something takes effect: the rows
    for which it has, since the last complete refresh.
#}
{% macro became_due_in() -%}
    {%- set questions = {} -%}
    {%- for node in graph.sources.values() if node.name not in ["campaigns", "rejected_rows"] -%}
        {%- set staged = relation_named("staging", "stg_raw__" ~ node.name) -%}
        {%- for moment in ["effective_at", "decided_at"] if moment == "effective_at" or node.name == "opportunities" -%}
            {%- do questions.update(
                {
                    "stg_raw__"
                    ~ node.name
                    ~ (" " if moment == "decided_at" else ""): "select 1 from "
                    ~ staged
                    ~ " where "
                    ~ moment
                    ~ " between cast('"
                    ~ refresh_plan().complete_as_of
                    ~ "' as timestamp) and "
                    ~ as_of()
                }
            ) -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(questions) }}
{%- endmacro %}
