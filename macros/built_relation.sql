{% macro built_relation(node) -%}
    {{
        return(
            load_cached_relation(
                api.Relation.create(
                    database=node.database,
                    schema=node.schema,
                    identifier=node.alias,
                )
            )
        )
    }}
{%- endmacro %}
