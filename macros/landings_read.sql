{# Per raw table: the latest landing that staging has, and whether it has all rows up to it. #}
{% macro landings_read() -%}
    {%- set selects = [] -%}
    {%- for node in graph.sources.values() if node.source_name == "raw" -%}
        {%- set staged = load_relation(
            api.Relation.create(
                database=target.database,
                schema=generate_schema_name("staging", none),
                identifier="stg_raw__" ~ node.name,
            )
        ) -%}
        {%- if staged is not none and staged.is_table -%}
            {%- set latest = run_query(
                "select cast(coalesce(max(_landed_at), "
                ~ beginning_of_time()
                ~ ") as string), count(*) from "
                ~ staged
            ) -%}
            {%- set moment = (
                "cast('" ~ latest.columns[0].values()[0] ~ "' as timestamp)"
            ) -%}
            {%- set rows = raw_rows(node.name) -%}
            {%- do selects.append(
                "select '"
                ~ node.name
                ~ "' as table_name, "
                ~ moment
                ~ " as landed_after, (select count(*) from "
                ~ rows
                ~ ") - (select count(*) from "
                ~ rows
                ~ " where _landed_at > "
                ~ moment
                ~ ") = "
                ~ latest.columns[1].values()[0]
                ~ " as is_continued"
            ) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- do selects.append(
        "select 'none' as table_name, null as landed_after, true as is_continued"
    ) -%}
    {{ return(selects | join(" union all ")) }}
{%- endmacro %}
