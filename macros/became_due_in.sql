{#
    For each model that the mere passing of time changes only where something has become due: the
    rows for which it has.
#}
{% macro became_due_in() -%}
    {%- set questions = {} -%}
    {%- for node in graph.sources.values() if moments_judged(node.name) -%}
        {%- do questions.update(
            {
                "stg_raw__"
                ~ node.name: "select 1 from "
                ~ relation_named("staging", "stg_raw__" ~ node.name)
                ~ " where "
                ~ waited_until_now(node.name)
            }
        ) -%}
    {%- endfor -%}
    {%- set detected = (
        "select 1 from "
        ~ relation_named("staging", "stg_raw__company_technologies")
        ~ " where "
        ~ became_due("detected_at")
    ) -%}
    {%- do questions.update(
        {
            "int_company_technologies_resolved": detected,
            "int_domains_touched": detected,
            "int_leads_touched": leads_due(
                relation_named("staging", "stg_raw__opportunities"),
                relation_named("staging", "stg_raw__dispositions"),
            ),
        }
    ) -%}
    {{ return(questions) }}
{%- endmacro %}
