{% set slots = score_slots() %}
{% set groups = slots | map(attribute="group") | unique | list %}
with
    slots as (select * from {{ ref("int_engagement_slots") }}),

    final as (
        select
            {% for slot in slots %}
                max(
                    case when slot_number = {{ slot.slot }} then half_life_days end
                ) as half_life_{{ slot.slot }},
                max(
                    case when slot_number = {{ slot.slot }} then max_points end
                ) as cap_{{ slot.slot }},
            {% endfor %}
            {% for group in groups %}
                max(
                    case when group_number = {{ group }} then min_group_points end
                ) as min_{{ group }},
                max(
                    case when group_number = {{ group }} then max_group_points end
                ) as max_{{ group }},
            {% endfor %}
            count(*) as slot_count
        from slots
    )

select *
from final
