with
    goals as (select * from {{ ref("smart_goals") }}),

    entries as (select * from {{ ref("fct_stage_entries") }}),

    opportunities as (select * from {{ ref("fct_opportunities") }}),

    leads as (select * from {{ ref("dim_leads") }}),

    lead_sources as (select * from {{ ref("dim_lead_sources") }}),

    measures as (
        select
            lead_id, stage as metric, cast(entered_at as date) as day_date, 1 as amount
        from entries
        union all
        select
            lead_id,
            'revenue' as metric,
            cast(won_at as date) as day_date,
            won_amount as amount
        from opportunities
        where won_amount is not null
    ),

    segments as (
        select leads.lead_id, lower(trim(goals.metric)) as metric, goals.goal_id
        from goals
        cross join leads
        left join lead_sources on leads.lead_source = lead_sources.lead_source
        where
            lower(trim(goals.segment_value)) = case
                lower(trim(goals.segment_column))
                when 'lead_source'
                then leads.lead_source
                when 'channel'
                then lead_sources.channel
                when 'campaign_id'
                then lower(leads.campaign_id)
                when 'country'
                then lower(leads.country)
                when 'landing_page'
                then
                    lower(
                        substr(leads.landing_page, 1, length(trim(goals.segment_value)))
                    )
            end
    ),

    -- Windows of the length of the goal: 0 is the goal, -1 what came just before it.
    windows as (
        select
            segments.goal_id,
            cast(
                floor(
                    {{ dbt.datediff("goals.starts_on", "measures.day_date", "day") }}
                    * 1e0
                    / ({{ dbt.datediff("goals.starts_on", "goals.due_on", "day") }} + 1)
                ) as integer
            ) as window_number,
            sum(measures.amount) as measured_amount,
            sum(
                case
                    when
                        measures.day_date
                        between goals.baseline_from and goals.baseline_to
                    then measures.amount
                    else 0
                end
            ) as baseline_amount
        from segments
        inner join goals on segments.goal_id = goals.goal_id
        inner join
            measures
            on segments.lead_id = measures.lead_id
            and segments.metric = measures.metric
        group by 1, 2
    ),

    final as (
        select
            windows.goal_id,
            windows.window_number,
            cast(windows.measured_amount as double) as measured_amount,
            cast(windows.baseline_amount as double) as baseline_amount,
            cast(windows.measured_amount as double)
            / nullif(previous.measured_amount, 0)
            - 1 as change_rate
        from windows
        left join
            windows as previous
            on windows.goal_id = previous.goal_id
            and windows.window_number = previous.window_number + 1
    )

select *
from final
