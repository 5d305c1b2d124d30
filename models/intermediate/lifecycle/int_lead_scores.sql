{% set slots = score_slots() %}
with
    sums as (select * from {{ ref("int_score_sums") }}),

    parameters as (select * from {{ ref("int_engagement_parameters") }}),

    -- The ledger comes to the same rule by rule, with a row for what each bound
    -- removes.
    decayed as (
        select
            sums.*,
            0.0
            {% for dimension in fit_dimensions() %}
                + sums.{{ dimension }}_points
            {% endfor %} as fit_points
            {% for slot in slots %}
                ,
                {{
                    slot_points(
                        "sums.grown_" ~ slot.slot,
                        as_of(),
                        "sums.created_at",
                        "parameters.half_life_" ~ slot.slot,
                        "parameters.cap_" ~ slot.slot,
                    )
                }} as points_{{ slot.slot }}
            {% endfor %}
            {% for group in slots | map(attribute="group") | unique %}
                , parameters.min_{{ group }}, parameters.max_{{ group }}
            {% endfor %}
        from sums
        cross join parameters
    ),

    scored as (select *, {{ bounded_points(slots) }} as engagement_points from decayed),

    final as (
        select
            lead_id,
            round({{ clamp("fit_points", 0.0, 100.0) }}, 6) + 0.0 as fit_score,
            round(cast({{ clamp("engagement_points", 0.0, 100.0) }} as double), 6)
            + 0.0 as engagement_score,
            fit_unknown_count,
            {% for dimension in fit_dimensions() %}
                round({{ dimension }}_points, 6) + 0.0 as {{ dimension }}_points
                {%- if not loop.last %},{% endif %}
            {% endfor %}
        from scored
    )

select *
from final
