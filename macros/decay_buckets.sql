{% macro decay_buckets() -%}
    {#- Only the whole numbers of buckets and groups enter the SQL text, never a policy value. -#}
    {%- set buckets = [] -%}
    {%- set rules = ref("int_activity_rules_bucketed") -%}
    {%- if execute and load_relation(rules) is not none -%}
        {%- for row in run_query(
            "select bucket_number, group_number from "
            ~ rules
            ~ " group by bucket_number, group_number order by bucket_number"
        ).rows -%}
            {%- do buckets.append({"number": row[0] | int, "group": row[1] | int}) -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(buckets) }}
{%- endmacro %}
