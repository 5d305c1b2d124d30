{% macro versions_validated(relation, key, reasons) -%}
    select
        *,
        case
            when version_rank > 1
            then null
            when not is_in_force
            then 'future'
            else
                max(case when is_current then case {{ reasons }} end end) over (
                    partition by {{ key }}
                )
        end as quarantine_reason
    from
        (
            select
                *,
                is_in_force
                and row_number() over (
                    partition by {{ key }}
                    order by
                        case when is_in_force then 0 else 1 end,
                        version_at desc,
                        version_rank
                )
                = 1 as is_current
            from
                (
                    select
                        *,
                        version_at <= {{ as_of() }}
                        or version_at
                        = min(version_at) over (partition by {{ key }}) as is_in_force
                    from {{ relation }}
                ) as dated
        ) as compared
{%- endmacro %}
