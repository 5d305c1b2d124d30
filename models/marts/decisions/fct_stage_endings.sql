{% set ages = [0, 3, 7, 14, 30, 60, 90, 180, 360] %}
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

    final as (
        select
            stage,
            age_days,
            next_age_days,
            cast(last_step as integer) as last_step,
            spell_status,
            count(*) as spells
        from watched
        group by stage, age_days, next_age_days, last_step, spell_status
    )

select *
from final
