{% set dimensions = ["demographic", "firmographic", "technographic", "psychographic"] %}
with
    bands as (select * from {{ ref("int_score_bands_ranged") }}),

    -- Exact: doubles that add up to half a millionth are not always rounded alike.
    ledger as (
        select *, cast(capped_points as decimal(38, 9)) as points
        from {{ ref("fct_score_ledger") }}
    ),

    leads as (select * from {{ ref("int_fit_unknowns_counted") }}),

    score_groups as (select * from {{ ref("int_score_groups_bounded") }}),

    rules as (select * from {{ ref("fit_rules") }} where {{ is_valid_at(as_of()) }}),

    sums as (
        select
            lead_id,
            sum(case when score_kind = 'fit' then points end) as fit_points,
            sum(case when score_kind <> 'fit' then points end) as engagement_points
            {% for dimension in dimensions %}
                ,
                sum(
                    case
                        when score_kind = 'fit' and score_group = '{{ dimension }}'
                        then points
                    end
                ) as {{ dimension }}_points
            {% endfor %}
        from ledger
        group by lead_id
    ),

    -- A lead has one answer to most questions, and all its technologies at once.
    best_answers as (
        select
            lower(trim(dimension)) as dimension,
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
            {% for dimension in dimensions %}
                {% set is_named = "best_answers.dimension = '" ~ dimension ~ "'" %}
                least(
                    sum(
                        case
                            when {{ is_named }} then greatest(best_answers.points, 0e0)
                        end
                    ),
                    max(case when {{ is_named }} then score_groups.max_points end)
                ) as {{ dimension }}_points
                {%- if not loop.last %},{% endif %}
            {% endfor %}
        from best_answers
        left join
            score_groups
            on best_answers.dimension = score_groups.score_group
            and score_groups.kind = 'fit'
    ),

    scores as (
        select
            leads.lead_id,
            cast(round(coalesce(sums.fit_points, 0), 6) as double) as fit_score,
            cast(
                round(coalesce(sums.engagement_points, 0), 6) as double
            ) as engagement_score,
            leads.fit_unknown_count
            {% for dimension in dimensions %}
                {% set points = dimension ~ "_points" %}
                {% set rate = "coalesce(sums.%s, 0) / reachable.%s" %},
                case
                    when reachable.{{ points }} > 0
                    then {{ clamp(rate | format(points, points), 0, 1) }}
                end as {{ dimension }}_icp_rate
            {% endfor %}
        from leads
        left join sums on leads.lead_id = sums.lead_id
        cross join reachable
    ),

    final as (
        select
            scores.*,
            grades.band as grade,
            levels.band as level,
            concat(grades.band, levels.band) as label
        from scores {{ label_joins("scores") }}
    )

select *
from final
