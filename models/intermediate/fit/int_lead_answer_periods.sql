{% set built_in_names = built_in_attributes().values() | sum(start=[]) %}
with
    lead_attributes as (
        select staged.*, affected.survivor_lead_id
        from {{ ref("stg_raw__lead_attributes") }} as staged
        inner join
            {{ ref("int_leads_affected") }} as affected
            on staged.lead_id = affected.lead_id
        where staged.row_state = 'staged' and affected.survivor_lead_id is not null
    ),

    answers as (
        select
            survivor_lead_id as lead_id,
            attribute_name,
            captured_at as valid_from,
            max(attribute_value) as attribute_value
        from lead_attributes
        where attribute_name not in ('{{ built_in_names | join("', '") }}')
        group by survivor_lead_id, attribute_name, captured_at
    ),

    final as (
        select
            lead_id,
            attribute_name,
            valid_from,
            coalesce(
                lead(valid_from) over (
                    partition by lead_id, attribute_name order by valid_from
                ),
                {{ end_of_time() }}
            ) as valid_to,
            attribute_value
        from answers
    )

select *
from final
