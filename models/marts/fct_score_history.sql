with
    bands as (select * from {{ ref("int_score_bands_ranged") }}),

    days as (select * from {{ ref("int_engagement_days") }}),

    fit_scores as (select * from {{ ref("int_fit_scores") }}),

    -- A day that two episodes share shows the later one.
    later_episodes as (
        select lead_id, score_date, max(episode) as episode
        from days
        group by lead_id, score_date
    ),

    scores as (
        select
            days.lead_id,
            days.score_date,
            days.scored_at,
            days.episode,
            fit_scores.fit_score,
            days.engagement_score
        from days
        inner join
            later_episodes
            on days.lead_id = later_episodes.lead_id
            and days.score_date = later_episodes.score_date
            and days.episode = later_episodes.episode
        inner join
            fit_scores
            on days.lead_id = fit_scores.lead_id
            and days.scored_at >= fit_scores.valid_from
            and days.scored_at < fit_scores.valid_to
    ),

    final as (
        select
            scores.lead_id,
            scores.score_date,
            scores.scored_at,
            scores.episode,
            scores.fit_score,
            scores.engagement_score,
            concat(grades.band, levels.band) as label
        from scores {{ label_joins("scores") }}
    )

select *
from final
