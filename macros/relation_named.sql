{% macro relation_named(schema, name) -%}
    {{
        return(
            api.Relation.create(
                database=target.database | default(none),
                schema=generate_schema_name(schema, none),
                identifier=name,
                type="table",
            )
        )
    }}
{%- endmacro %}
