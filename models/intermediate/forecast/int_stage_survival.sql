with
    durations as (select * from {{ ref("int_stage_durations") }}),

    ages as (
        select
            ages.age_days,
            coalesce(
                lead(ages.age_days) over (order by ages.age_days), 1000000
            ) as next_age_days
        from
            (values (0), (3), (7), (14), (30), (60), (90), (180), (360)) as ages(
                age_days
            )
    ),

    steps as (
        select steps.step_number
        from (values (1), (2), (3), (4), (5), (6), (7)) as steps(step_number)
    ),

    -- Who was still open at this age, with no higher stage: as the open ones are today.
    observed as (
        select
            durations.stage,
            durations.outcome,
            ages.age_days,
            ages.next_age_days,
            {{ days_between("entered_at", "coalesce(exited_at, " ~ as_of() ~ ")") }}
            - ages.age_days as watched_days
        from durations
        inner join
            ages
            on ages.age_days
            < {{
                days_between(
                    "durations.entered_at",
                    "least(durations.exited_at, durations.passed_at, "
                    ~ as_of()
                    ~ ")",
                )
            }}
    ),

    stepped as (
        select
            observed.*,
            steps.step_number,
            floor(observed.watched_days / 30) + 1 = steps.step_number as is_last_step
        from observed
        inner join steps on floor(observed.watched_days / 30) + 1 >= steps.step_number
    ),

    -- Who is open now leaves the step at its middle on average: the life table.
    counted as (
        select
            stage,
            age_days,
            next_age_days,
            step_number,
            count(*)
            - count(case when is_last_step and outcome = 'open' then 1 end)
            / 2e0 as exposed_entries,
            count(case when is_last_step and outcome = 'won' then 1 end) as wins,
            count(case when is_last_step and outcome = 'closed' then 1 end) as closings
        from stepped
        group by stage, age_days, next_age_days, step_number
    ),

    survived as (
        select
            *,
            coalesce(
                exp(
                    sum(
                        ln(greatest(1 - (wins + closings) / exposed_entries, 1e-300))
                    ) over (
                        partition by stage, age_days
                        order by step_number
                        rows between unbounded preceding and 1 preceding
                    )
                ),
                1
            ) as open_before_rate
        from counted
    ),

    final as (
        select
            stage,
            age_days,
            next_age_days,
            step_number,
            exposed_entries,
            round(open_before_rate * wins / exposed_entries, 12) as won_rate
        from survived
    )

select *
from final
