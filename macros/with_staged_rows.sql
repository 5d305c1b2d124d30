{#
    The rows that landed and, in an incremental run, those staged before that they may
    supersede or whose time has come: a key is judged whole.
#}
{% macro with_staged_rows(landed, moments, key="record_key") -%}
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
                {%- if moments %}
                    union
                    select {{ key }}
                    from {{ this }}
                    where
                        quarantine_reason = 'future'
                        and (
                            {% for moment in moments -%}
                                {{ became_due(moment) }} {{ "or " if not loop.last }}
                            {%- endfor %}
                        )
                {%- endif %}
            )
    {%- endif -%}
{%- endmacro %}
