{% macro score_slots() -%}
    {#- Only the whole numbers of slots and groups enter the SQL text, never a policy value. -#}
    {%- set slots = [] -%}
    {%- set rules = ref("int_activity_rules_slotted") -%}
    {%- if execute and load_relation(rules) is not none -%}
        {%- for row in run_query(
            "select slot_number, group_number from "
            ~ rules
            ~ " group by slot_number, group_number order by slot_number"
        ).rows -%}
            {%- do slots.append({"slot": row[0] | int, "group": row[1] | int}) -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(slots) }}
{%- endmacro %}
