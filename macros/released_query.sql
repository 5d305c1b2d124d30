{#
    Of a table its snapshot, for which a view has to name the catalogue; a view, which reads public tables
    alone, reads what is released of these.
#}
{% macro released_query(node, number, public, catalog) -%}
    {%- if node.config.materialized != "view" -%}
        select *
        from
            {{ catalog }}.{{ node.schema }}.{{ node.alias }} version
            as of 'release_{{ number }}'
    {%- else -%}
        {%- set built = results | selectattr(
            "node.unique_id", "equalto", node.unique_id
        ) -%}
        {%- set query = namespace(text=(built | first).node.compiled_code) -%}
        {%- for schema in public | map(attribute="schema") | unique -%}
            {%- set query.text = query.text | replace(
                schema ~ ".", released_schema(schema) ~ "."
            ) -%}
        {%- endfor -%}
        {{ query.text }}
    {%- endif -%}
{%- endmacro %}
