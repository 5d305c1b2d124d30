{#
    The rows that landed and, in an incremental run, those staged before that they may supersede or
    that take effect by now: a key is validated whole.
#}
{% macro with_staged_rows(landed, key="record_key", moments=["effective_at"]) -%}
    select *
    from {{ landed }}
    {%- if is_incremental() %}
            {%- set last_as_of = (
                "cast('" ~ this_refresh().complete_as_of ~ "' as timestamp)"
            ) %}
        union all
        select {{ staged_columns() | join(", ") }}
        from {{ this }}
        where
            {{ key }} in (
                select {{ key }}
                from {{ landed }}
                {%- for moment in moments %}
                    union
                    select {{ key }}
                    from {{ this }}
                    where
                        {{ moment }} > {{ last_as_of }}
                        and {{ moment }} <= {{ as_of() }}
                {%- endfor %}
            )
    {%- endif -%}
{%- endmacro %}
