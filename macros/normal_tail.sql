{#
    Hart's rational function up to 7.07 and a continued fraction beyond, as given by
    G. West, "Better approximations to cumulative normal functions" (2005).
#}
{% macro normal_tail(z) -%}
    {%- set above = [
        0.0352624965998911,
        0.700383064443688,
        6.37396220353165,
        33.912866078383,
        112.079291497871,
        221.213596169931,
        220.206867912376,
    ] -%}
    {%- set below = [
        0.0883883476483184,
        1.75566716318264,
        16.064177579207,
        86.7807322029461,
        296.564248779674,
        637.333633378831,
        793.826512519948,
        440.413735824752,
    ] -%}
    {%- set sql = namespace(above="0e0", below="0e0", tail=z ~ " + 0.65e0") -%}
    {%- for number in above -%}
        {%- set sql.above = "(" ~ sql.above ~ " * " ~ z ~ " + " ~ number ~ "e0)" -%}
    {%- endfor -%}
    {%- for number in below -%}
        {%- set sql.below = "(" ~ sql.below ~ " * " ~ z ~ " + " ~ number ~ "e0)" -%}
    {%- endfor -%}
    {%- for number in [4, 3, 2, 1] -%}
        {%- set sql.tail = z ~ " + " ~ number ~ " / (" ~ sql.tail ~ ")" -%}
    {%- endfor -%}
    exp(- least({{ z }}, 37) * least({{ z }}, 37) / 2) * case
        when {{ z }} < 7.07106781186547e0
        then {{ sql.above }} / {{ sql.below }}
        else 1 / ({{ sql.tail }}) / 2.506628274631e0
    end
{%- endmacro %}
