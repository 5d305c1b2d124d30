{#
    The rows that landed and, in an incremental run, those staged before that they may supersede or
    that take effect by now: a key is validated whole. What took effect at the very moment of the
    last refresh is included, as the episode that a disposition begins is in force only after it.
#}
{% macro with_staged_rows(landed, key="record_key", moments=["effective_at"]) -%}
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
                {%- for moment in moments %}
                    union
                    select {{ key }}
                    from {{ this }}
                    where
                        {{ moment }} between cast(
                            '{{ refresh_plan().complete_as_of }}' as timestamp
                        ) and {{ as_of() }}
                {%- endfor %}
            )
    {%- endif -%}
{%- endmacro %}
