{% macro latest_first(table_name) -%}
    _loaded_at desc
    {%- if execute -%}
        {%- for node in graph.sources.values() if node.unique_id.endswith(
            ".raw." ~ table_name
        ) -%}
            {%- for name in node.columns if not name.startswith("_") -%}
                , {{ name }} desc nulls last
            {%- endfor -%}
        {%- endfor -%}
    {%- endif -%}
{%- endmacro %}
