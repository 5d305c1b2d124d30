{# All raw rows; in an incremental run those alone that landed after the latest that is staged. #}
{% macro landed_rows(table_name) -%}
    {%- if is_incremental() -%}
        (
            select *
            from {{ raw_rows(table_name) }}
            where
                _landed_at > (
                    select coalesce(max(_landed_at), {{ beginning_of_time() }})
                    from {{ this }}
                )
        )
    {%- else -%} {{ raw_rows(table_name) }}
    {%- endif -%}
{%- endmacro %}
