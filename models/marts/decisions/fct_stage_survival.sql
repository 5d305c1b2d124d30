{% set steps = range(1, 8) %}
with
    ended as (select * from {{ ref("fct_stage_endings") }}),

    steps as (
        {% for step in steps %}
            select {{ step }} as step_number {{ "union all" if not loop.last }}
        {% endfor %}
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
