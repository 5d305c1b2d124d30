{# The strategy of what keeps all leads: the affected ones are replaced whole, in one transaction. #}
{% macro get_incremental_affected_leads_sql(arg_dict) -%}
    {%- set columns = get_quoted_csv(arg_dict["dest_columns"] | map(attribute="name")) -%}
    {%- set affected = api.Relation.create(
        database=target.database,
        schema=generate_schema_name("intermediate", none),
        identifier="int_leads_affected",
    ) -%}
    delete from {{ arg_dict["target_relation"] }}
    where lead_id in (select lead_id from {{ affected }})
    ;

    insert into {{ arg_dict["target_relation"] }} ({{ columns }})
    select {{ columns }}
    from {{ arg_dict["temp_relation"] }}
{%- endmacro %}
