{% macro milestones() -%} {{ return(["mql", "sql", "customer"]) }} {%- endmacro %}
