{% macro landing_read(table_name, staged) -%}
    {%- set latest = run_query(
        "select cast(coalesce(max(_landed_at), "
        ~ beginning_of_time()
        ~ ") as string) as landed_after, count(*) as row_count from "
        ~ staged
    ).rows[0] -%}
    {%- set landed_after = "cast('" ~ latest[0] ~ "' as timestamp)" -%}
    {%- set rows = raw_rows(table_name) -%}
    {%- set landed_count = (
        "(select count(*) from "
        ~ rows
        ~ " where _landed_at > "
        ~ landed_after
        ~ ")"
    ) -%}
    select
        '{{ table_name }}' as table_name,
        {{ landed_after }} as landed_after,
        {{ landed_count }} as landed_count,
        {% if table_name in el_tables() -%}
            -- An EL tool may change rows in place.
            (
                select {{ rows_fingerprint("known") }}
                from {{ rows }} as known
                where _landed_at <= {{ landed_after }}
            ) is not distinct from (
                {{ landing_fingerprint(table_name) }}
            ) as is_continued,
            (
                select {{ rows_fingerprint("known") }} from {{ rows }} as known
            ) as fingerprint
        {%- else -%}
            -- Files of the lake never change: their rows, counted, are those staged.
            (select count(*) from {{ rows }}) - {{ landed_count }}
            = {{ latest[1] }} as is_continued,
            cast(null as string) as fingerprint
        {%- endif %}
{%- endmacro %}
