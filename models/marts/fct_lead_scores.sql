with
    scores as (select * from {{ ref("int_lead_scores") }}),

    score_groups as (select * from {{ ref("int_score_groups_bounded") }}),

    rules as (select * from {{ ref("fit_rules") }} where {{ is_valid_at(as_of()) }}),

    -- A lead has one answer to most questions, and all its technologies at once.
    best_answers as (
        select
            lower(trim(dimension)) as dimension,
            lower(trim(attribute_name)) as attribute_name,
            case
                when lower(trim(attribute_name)) = 'technology'
                then sum(case when points > 0 then cast(points as double) end)
                else max(cast(points as double))
            end as points
        from rules
        group by lower(trim(dimension)), lower(trim(attribute_name))
    ),

    reachable as (
        select
            {% for dimension in fit_dimensions() %}
                least(
                    sum(
                        case
                            when
                                best_answers.dimension = '{{ dimension }}'
                                and best_answers.points > 0
                            then best_answers.points
                        end
                    ),
                    max(
                        case
                            when best_answers.dimension = '{{ dimension }}'
                            then score_groups.max_points
                        end
                    )
                ) as {{ dimension }}_points
                {%- if not loop.last %},{% endif %}
            {% endfor %}
        from best_answers
        left join
            score_groups
            on best_answers.dimension = score_groups.score_group
            and score_groups.kind = 'fit'
    ),

    final as (
        select
            scores.lead_id,
            scores.fit_score,
            scores.engagement_score,
            grades.band as grade,
            levels.band as level,
            concat(grades.band, levels.band) as label,
            scores.fit_unknown_count,
            {% for dimension in fit_dimensions() %}
                case
                    when reachable.{{ dimension }}_points > 0
                    then
                        {{
                            clamp(
                                "scores.%s_points / reachable.%s_points"
                                | format(dimension, dimension),
                                0.0,
                                1.0,
                            )
                        }}
                end as {{ dimension }}_icp_rate
                {%- if not loop.last %},{% endif %}
            {% endfor %}
        from scores
        cross join reachable {{ label_joins("scores") }}
    )

select *
from final
