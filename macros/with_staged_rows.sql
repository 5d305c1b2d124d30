{#
    The rows that landed and, in an incremental run, those staged before that they may
    supersede or whose time has come: a key is judged whole.
#}
{% macro with_staged_rows(landed, moments, key="record_key") -%}
    select *
    from {{ landed }}
    {%- if is_incremental() -%}
            {%- set judged = [
                "version_rank",
                "is_in_force",
                "is_current",
                "quarantine_reason",
                "row_state",
                "refresh_number",
            ] -%}
            {%- set columns = (
                adapter.get_columns_in_relation(this)
                | map(attribute="name")
                | reject("in", judged)
                | join(", ")
            ) %}
        union all
        select {{ columns }}
        from {{ this }}
        where
            {{ key }} in (
                select {{ key }}
                from {{ landed }}
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
            )
    {%- endif -%}
{%- endmacro %}
