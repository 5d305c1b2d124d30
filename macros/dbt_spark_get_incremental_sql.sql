{#
    In place of dbt-spark's own: the strategies that models use here, each as one statement, which Iceberg
    applies whole or not at all. A row of the source has no deleted_key and so never matches.
#}
{% macro dbt_spark_get_incremental_sql(
    strategy, source, target, existing, unique_key, incremental_predicates
) -%}
    {%- set names = adapter.get_columns_in_relation(target) | map(attribute="name") -%}
    {%- set columns = names | join(", ") -%}
    {%- if strategy == "append" -%}
        insert into {{ target }} ({{ columns }}) select {{ columns }} from {{ source }}
    {%- else -%}
        {%- set replaces_leads = strategy == "affected_leads" -%}
        {%- set key = "lead_id" if replaces_leads else unique_key -%}
        merge into {{ target }} as kept
        using
            (
                select null as deleted_key, {{ columns }}
                from {{ source }}
                union all
                select deleted_key{{ ", null" * (columns.split(", ") | length) }}
                from
                    (
                        select {{ key }} as deleted_key
                        from {{ source }}
        {%- if replaces_leads %}
                            union
                            select affected.lead_id
                            from {{ relation_named("delta", "int_leads_affected") }} as affected
                            where {{ changed_since_last_refresh("affected") }}
        {%- else %}
                            group by {{ key }}
        {%- endif %}
                    ) as deleted
                where deleted_key is not null
            ) as changes
            on kept.{{ key }} = changes.deleted_key
        when matched then delete
        when not matched and changes.deleted_key is null
        then insert ({{ columns }})
        values ({{ "changes." ~ columns.replace(", ", ", changes.") }})
    {%- endif -%}
{%- endmacro %}
