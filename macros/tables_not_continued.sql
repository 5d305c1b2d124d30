{# Raw tables of which staging has other rows than landed up to the last row that it has. #}
{% macro tables_not_continued() -%}
    {%- set questions = [] -%}
    {%- set models = graph.nodes -%}
    {%- set prefix = "model.qualified_leads.stg_raw__" -%}
    {%- for source in graph.sources.values() if prefix ~ source.name in models -%}
        {%- set staged = built_relation(models[prefix ~ source.name]) -%}
        {%- set raw = api.Relation.create(
            database=source.database,
            schema=source.schema,
            identifier=source.name,
        ) -%}
        {#- Not load_relation, which finds no views on Spark. -#}
        {%- set columns = adapter.get_columns_in_relation(raw) if staged else [] -%}
        {%- set names = columns | map(attribute="name") | map("lower") | list -%}
        {%- if names -%}
            {%- set landed_at = (
                "_landed_at" if "_landed_at" in names else "_loaded_at"
            ) -%}
            {%- do questions.append(
                "select '"
                ~ source.name
                ~ "' as source from (select count(*) as row_count, max(_landed_at) as last_at from "
                ~ staged
                ~ ") as staged where row_count > 0 and row_count <> (select count(*) from "
                ~ raw
                ~ " where "
                ~ landed_at
                ~ " <= (select max(_landed_at) from "
                ~ staged
                ~ "))"
            ) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- set found = run_query(questions | join(" union all ")) if questions -%}
    {{ return(found.columns[0].values() | list if found else []) }}
{%- endmacro %}
