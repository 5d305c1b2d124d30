{# Seeds with a rule or a policy that begins or ends after one moment and not after the other. #}
{% macro policy_boundaries(start, end) -%}
    {%- set questions = [] -%}
    {%- for node in graph.nodes.values() if node.resource_type == "seed" -%}
        {%- for column in node.config.column_types if column in ["valid_from", "valid_to"] -%}
            {%- do questions.append(
                "select '"
                ~ node.name
                ~ "' as seed from "
                ~ built_relation(node)
                ~ " where "
                ~ column
                ~ " > cast('"
                ~ start
                ~ "' as timestamp) and "
                ~ column
                ~ " <= cast('"
                ~ end
                ~ "' as timestamp)"
            ) if built_relation(node) -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- set found = run_query(questions | join(" union all ")) if questions -%}
    {{ return(found.columns[0].values() | list if found else []) }}
{%- endmacro %}
