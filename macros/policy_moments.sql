{# Every moment at which a rule or a policy begins or ends, as of the last refresh's seeds. #}
{% macro policy_moments() -%}
    {%- set selects = [
        "select cast(null as timestamp) as moment_at",
    ] -%}
    {%- for name, column in [
        ("int_rules_parsed", "valid_from"),
        ("int_rules_parsed", "valid_to"),
        ("int_activity_rules_slotted", "valid_from"),
        ("int_activity_rules_slotted", "valid_to"),
        ("int_policy_periods", "declared_from"),
    ] -%}
        {%- set relation = load_relation(relation_named("intermediate", name)) -%}
        {%- if relation is not none -%}
            {%- do selects.append("select " ~ column ~ " from " ~ relation) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(selects | join(" union all ")) }}
{%- endmacro %}
