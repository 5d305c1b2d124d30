with
    scores as (select * from {{ ref("int_lead_scores") }}),

    final as (
        select
            scores.lead_id,
            scores.fit_score,
            scores.engagement_score,
            grades.band as grade,
            levels.band as level,
            concat(grades.band, levels.band) as label,
            scores.fit_unknown_count
        from scores {{ label_joins("scores") }}
    )

select *
from final
