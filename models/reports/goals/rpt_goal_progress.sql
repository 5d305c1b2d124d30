with
    goals as (
        select
            *,
            {{ dbt.datediff("starts_on", "due_on", "day") }} + 1 as day_count,
            {{ days_between("cast(starts_on as timestamp)", as_of()) }} as elapsed_days
        from {{ ref("smart_goals") }}
    ),

    windows as (select * from {{ ref("int_goal_windows") }}),

    leads as (
        select min(cast(created_at as date)) as first_date from {{ ref("fct_leads") }}
    ),

    -- Windows before the goal, the earlier one wholly after the first lead, show what
    -- can be done.
    summed as (
        select
            goals.goal_id,
            sum(windows.baseline_amount) as baseline,
            sum(
                case
                    when windows.window_number = 0 then windows.measured_amount else 0
                end
            ) as actual_value,
            max(
                case
                    when
                        windows.window_number < 0
                        and (1 - windows.window_number) * goals.day_count
                        <=
                        {{ dbt.datediff("leads.first_date", "goals.starts_on", "day") }}
                    then windows.change_rate
                end
            ) as best_change
        from goals
        inner join windows on goals.goal_id = windows.goal_id
        cross join leads
        group by goals.goal_id
    ),

    measured as (
        select
            goals.*,
            summed.baseline,
            coalesce(summed.actual_value, 0) as actual_value,
            summed.best_change,
            case
                when lower(trim(goals.target_kind)) = 'absolute'
                then goals.target_value
                else summed.baseline * (1 + goals.target_value / 100)
            end as target,
            {{ clamp("goals.elapsed_days / goals.day_count", 0, 1) }} as elapsed_rate
        from goals
        left join summed on goals.goal_id = summed.goal_id
    ),

    final as (
        select
            goal_id,
            statement,
            owner,
            metric,
            segment_column,
            segment_value,
            starts_on as start_date,
            due_on as due_date,
            baseline,
            target,
            actual_value,
            elapsed_rate,
            target * elapsed_rate as expected_by_now,
            actual_value / nullif(elapsed_rate, 0) as projection,
            best_change,
            case
                when coalesce(baseline, 0) = 0 or target is null
                then 'not_measurable'
                when actual_value >= target
                then 'achieved'
                when elapsed_rate = 0
                then 'not_started'
                when elapsed_rate = 1
                then 'missed'
                when actual_value >= target * elapsed_rate
                then 'on_track'
                else 'behind'
            end as goal_status,
            metric || segment_column || segment_value is not null as is_specific,
            coalesce(baseline, 0) > 0 as is_measurable,
            target / nullif(baseline, 0) - 1 <= best_change as is_achievable,
            rationale is not null and owner is not null as is_relevant,
            starts_on <= due_on as is_time_bound
        from measured
    )

select *
from final
