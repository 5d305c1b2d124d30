{#
    Tables of the raw contract that an EL tool put into the work file. The plugin in profiles.yml finds
    and checks them, scripts/qualified_leads/lake/el_tables.py.
#}
{% macro el_tables() -%} {{ return(adapter.dispatch("el_tables")()) }} {%- endmacro %}

{% macro default__el_tables() -%} {{ return([]) }} {%- endmacro %}

{% macro duckdb__el_tables() -%}
    {{
        return(
            run_query("select unnest(getvariable('el_tables'))").columns[0].values()
            | list
        )
    }}
{%- endmacro %}
