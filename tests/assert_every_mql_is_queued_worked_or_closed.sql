-- Validated by the marts of stages and not by the status that the queue is made of.
with
    mqls as (select * from {{ ref("fct_mqls") }}),

    entries as (select * from {{ ref("fct_stage_entries") }}),

    queue as (select * from {{ ref("rpt_sdr_queue") }}),

    entered as (
        select lead_id, episode, count(*) as later_stage_count
        from entries
        where stage not in ('lead', 'mql')
        group by lead_id, episode
    ),

    answered as (
        select
            mqls.lead_id,
            mqls.episode,
            mqls.outcome in ('rejected', 'recycled', 'disqualified') as is_closed,
            mqls.contact_at is not null
            or entered.lead_id is not null
            or mqls.outcome in ('accepted', 'lost', 'won') as is_worked
        from mqls
        left join
            entered on mqls.lead_id = entered.lead_id and mqls.episode = entered.episode
    )

select
    coalesce(answered.lead_id, queue.lead_id) as lead_id,
    coalesce(answered.episode, queue.episode) as episode
from answered
full join queue on answered.lead_id = queue.lead_id and answered.episode = queue.episode
where
    answered.lead_id is null
    or (queue.lead_id is null) <> (answered.is_closed or answered.is_worked)
