{#
    Of a table its snapshot, for which a view has to name the catalogue; a view, which reads public tables
    alone, reads what is released of these.
#}
{% macro released_query(node, number, catalog) -%}
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
        {%- for schema in ["marts", "reports"] -%}
            {%- set query.text = query.text | replace(
                generate_schema_name(schema, none) ~ ".",
                generate_schema_name("released_" ~ schema, none) ~ ".",
            ) -%}
        {%- endfor -%}
        {{ query.text }}
    {%- endif -%}
{%- endmacro %}
