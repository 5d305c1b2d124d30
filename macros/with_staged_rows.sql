{#
    The rows that landed and, in an incremental run, those staged before that they may
    supersede or whose time has come: a key is judged whole.
#}
{% macro with_staged_rows(landed, table_name, key="record_key") -%}
    select *
    from {{ landed }}
    {%- if is_incremental() %}
        union all
        select {{ staged_columns() | join(", ") }}
        from {{ this }}
        where
            {{ key }} in (
                select {{ key }}
                from {{ landed }}
                {%- if moments_judged(table_name) %}
                    union
                    select {{ key }}
                    from {{ this }}
                    where {{ waited_until_now(table_name) }}
                {%- endif %}
            )
    {%- endif -%}
{%- endmacro %}
