with
    identities as (select * from {{ ref("int_lead_identities") }}),

    final as (
        select lead_id, survivor_lead_id, reason
        from identities
        where survivor_lead_id is not null
    )

select *
from final
