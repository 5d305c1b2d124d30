{% set ages = [0, 3, 7, 14, 30, 60, 90, 180, 360] %}
{% set steps = range(1, 8) %}
with
    spells as (select * from {{ ref("fct_stage_spells") }}),

    ages as (
        {% for age in ages %}
            select
                {{ age }} as age_days,
                {{ loop.nextitem | default(1000000) }} as next_age_days
                {{ "union all" if not loop.last }}
        {% endfor %}
    ),

    steps as (
        {% for step in steps %}
            select {{ step }} as step_number {{ "union all" if not loop.last }}
        {% endfor %}
    ),

    -- Who was still open at this age, with no higher stage: as the open ones are today.
    watched as (
        select
            spells.stage,
            ages.age_days,
            ages.next_age_days,
            spells.spell_status,
            floor(
                (
                    {{
                        days_between(
                            "spells.entered_at",
                            "coalesce(spells.exited_at, " ~ as_of() ~ ")",
                        )
                    }} - ages.age_days
                )
                / 30
            )
            + 1 as last_step
        from spells
        inner join
            ages
            on ages.age_days
            < {{
                days_between(
                    "spells.entered_at",
                    "least(spells.exited_at, spells.passed_at, " ~ as_of() ~ ")",
                )
            }}
    ),

    ended as (
        select
            stage, age_days, next_age_days, last_step, spell_status, count(*) as spells
        from watched
        group by stage, age_days, next_age_days, last_step, spell_status
    ),

    counted as (
        select
            ended.stage,
            ended.age_days,
            ended.next_age_days,
            steps.step_number,
            sum(
                case
                    when ended.last_step >= steps.step_number then ended.spells else 0
                end
            ) as spells,
            {% for name, status in [
                ("wins", "won"),
                ("closings", "closed"),
                ("censored", "open"),
            ] %}
                sum(
                    case
                        when
                            ended.last_step = steps.step_number
                            and ended.spell_status = '{{ status }}'
                        then ended.spells
                        else 0
                    end
                ) as {{ name }} {{ "," if not loop.last }}
            {% endfor %}
        from ended
        cross join steps
        group by ended.stage, ended.age_days, ended.next_age_days, steps.step_number
    ),

    -- Who is open now leaves the step at its middle on average: the life table.
    exposed as (
        select *, nullif(spells - censored / 2.0, 0) as exposed_spells from counted
    ),

    survived as (
        select
            *,
            coalesce(
                exp(
                    sum(
                        ln(greatest(1 - (wins + closings) / exposed_spells, 1e-300))
                    ) over (
                        partition by stage, age_days
                        order by step_number
                        rows between unbounded preceding and 1 preceding
                    )
                ),
                1
            ) as open_before_rate
        from exposed
    ),

    final as (
        select
            stage,
            age_days,
            next_age_days,
            step_number,
            coalesce(cast(exposed_spells as double), 0) as exposed_spells,
            cast(wins as bigint) as wins,
            cast(closings as bigint) as closings,
            cast(censored as bigint) as censored,
            round(coalesce(open_before_rate * wins / exposed_spells, 0), 12) as won_rate
        from survived
    )

select *
from final
