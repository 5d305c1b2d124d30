with
    acceptances as (select * from {{ ref("int_episode_acceptances") }}),

    opportunities as (select * from {{ ref("int_episode_opportunities") }}),

    episodes as (select * from {{ ref("int_episodes") }}),

    answers as (select * from {{ ref("int_qualification_answers_resolved") }}),

    -- Answers are read when the MQL is made, at the first contact, at each later
    -- answer of the episode and when an opportunity is opened.
    final as (
        select lead_id, episode, mql_at as moment_at
        from acceptances
        union
        select lead_id, episode, contact_at as moment_at
        from acceptances
        where contact_at is not null
        union
        select lead_id, episode, opportunity_at as moment_at
        from opportunities
        union
        select
            acceptances.lead_id, acceptances.episode, answers.assessed_at as moment_at
        from acceptances
        inner join
            episodes
            on acceptances.lead_id = episodes.lead_id
            and acceptances.episode = episodes.episode
        inner join
            answers
            on acceptances.lead_id = answers.survivor_lead_id
            and acceptances.contact_at < answers.assessed_at
            and episodes.ends_at >= answers.assessed_at
        where answers.resolved_state = 'staged'
    )

select *
from final
