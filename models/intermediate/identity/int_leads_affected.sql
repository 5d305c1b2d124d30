with
    touched as (select * from {{ ref("int_leads_touched") }}),

    identities as (select * from {{ ref("int_lead_identities") }}),

    moved as (
        select identities.survivor_lead_id, identities.previous_survivor_lead_id
        from identities
        left join touched on identities.lead_id = touched.lead_id
        where touched.lead_id is not null or {{ is_touched("identities") }}
    ),

    survivors as (
        select survivor_lead_id
        from moved
        where survivor_lead_id is not null
        union
        select previous_survivor_lead_id as survivor_lead_id
        from moved
        where previous_survivor_lead_id is not null
    ),

    members as (
        select lead_id
        from touched
        union
        select survivor_lead_id as lead_id
        from survivors
        union
        select identities.lead_id
        from identities
        inner join survivors on identities.survivor_lead_id = survivors.survivor_lead_id
    ),

    final as (
        select members.lead_id, identities.survivor_lead_id, identities.reason
        from members
        left join identities on members.lead_id = identities.lead_id
    )

select *
from final
