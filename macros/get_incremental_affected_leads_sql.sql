{# The strategy of what keeps all leads: the affected ones are replaced whole, in one transaction. #}
{% macro get_incremental_affected_leads_sql(arg_dict) -%}
    {%- set kept = arg_dict["target_relation"] -%}
    {%- set affected = relation_named("delta", "int_leads_affected") -%}
    {%- set columns = get_quoted_csv(
        arg_dict["dest_columns"] | map(attribute="name")
    ) -%}
    {{ "delete from " ~ kept }}
    where
        lead_id in (
            select affected.lead_id
            from {{ affected }} as affected
            {#- Else it is left from an earlier refresh, and the model need not give it again. #}
            where {{ changed_since_last_refresh("affected") }}
        )
        or lead_id in (select lead_id from {{ arg_dict["temp_relation"] }})
    ;

    {{ "insert into " ~ kept }} ({{ columns }})
    select {{ columns }}
    from {{ arg_dict["temp_relation"] }}
{%- endmacro %}
