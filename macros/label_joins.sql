{% macro label_joins(scored) -%}
    left join
        bands as grades
        on grades.kind = 'fit'
        and {{ scored }}.fit_score >= grades.min_score
        and {{ scored }}.fit_score < grades.below_score
    left join
        bands as levels
        on levels.kind = 'engagement'
        and {{ scored }}.engagement_score >= levels.min_score
        and {{ scored }}.engagement_score < levels.below_score
{%- endmacro %}
