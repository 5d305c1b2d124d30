with
    mqls as (select * from {{ ref("fct_mqls") }}),

    entries as (select * from {{ ref("fct_stage_entries") }}),

    dispositions as (select * from {{ ref("fct_dispositions") }}),

    rules as (select * from {{ ref("sla_rules") }}),

    days as (select * from {{ ref("dim_business_days") }}),

    answers as (
        select lead_id, episode, entered_at as answered_at
        from entries
        where stage not in ('lead', 'mql')
        union all
        select lead_id, episode, occurred_at as answered_at
        from dispositions
        where disposition <> 'accepted'
    ),

    first_answers as (
        select lead_id, episode, min(answered_at) as answered_at
        from answers
        group by lead_id, episode
    ),

    ruled as (
        select
            mqls.*,
            rules.rule_id,
            rules.due_hours,
            rules.fresh_days,
            row_number() over (
                partition by mqls.lead_id, mqls.episode order by rules.priority
            ) as rule_rank
        from mqls
        left join
            rules
            on coalesce(rules.trigger, mqls.trigger) = mqls.trigger
            and coalesce(rules.label, mqls.label) = mqls.label
    ),

    measured as (
        select
            ruled.*,
            least(ruled.contact_at, first_answers.answered_at) as responded_at,
            days.business_seconds_before + greatest(
                least(
                    {{ days_between("days.opens_at", "ruled.mql_at") }} * 86400,
                    days.business_seconds
                ),
                0
            )
            + ruled.due_hours * 3600 as due_second
        from ruled
        inner join days on cast(ruled.mql_at as date) = days.day_date
        left join
            first_answers
            on ruled.lead_id = first_answers.lead_id
            and ruled.episode = first_answers.episode
        where ruled.rule_rank = 1
    ),

    final as (
        select
            measured.lead_id,
            measured.episode,
            measured.mql_at,
            measured.label as mql_label,
            measured.trigger = 'hand_raise'
            and {{ days_between("measured.mql_at", as_of()) }}
            <= coalesce(measured.fresh_days, 1000000) as is_hand_raise,
            measured.rule_id as sla_rule_id,
            {{
                dbt.dateadd(
                    "second",
                    "cast(round(measured.due_second - days.business_seconds_before) as integer)",
                    "days.opens_at",
                )
            }}
            as due_at,
            measured.responded_at,
            case
                when measured.outcome in ('rejected', 'recycled', 'disqualified')
                then 'closed'
                when measured.outcome = 'open' and measured.responded_at is null
                then 'waiting'
                else 'worked'
            end as response_status
        from measured
        left join
            days
            on measured.due_second > days.business_seconds_before
            and measured.due_second <= days.business_seconds_through
    )

select *
from final
