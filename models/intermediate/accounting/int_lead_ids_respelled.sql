{% set spelling %}
    lower(
        trim(leading '0' from regexp_replace(trim(both '"'' ' from lead_id), '[.]0+$', ''))
    )
{% endset %}
{% set salesforce_id %}
    case when length(lead_id) in (15, 18) then left(lead_id, 15) end
{% endset %}
with
    quarantined as (select * from {{ ref("int_lead_rows_quarantined") }}),

    identities as (select * from {{ ref("int_lead_identities") }}),

    unknown as (
        select lead_id from quarantined where reason = 'unknown_lead' group by lead_id
    ),

    unknown_spellings as (
        select lead_id, {{ spelling }} as spelling
        from unknown
        union all
        select lead_id, {{ salesforce_id }} as spelling
        from unknown
    ),

    -- In 15 letters Salesforce tells capitals apart, in 18 they are repeated by a
    -- checksum.
    known_spellings as (
        select {{ spelling }} as spelling
        from identities
        where survivor_lead_id is not null
        union all
        select {{ salesforce_id }} as spelling
        from identities
        where survivor_lead_id is not null
    ),

    final as (
        select unknown_spellings.lead_id
        from unknown_spellings
        inner join
            known_spellings on unknown_spellings.spelling = known_spellings.spelling
        where unknown_spellings.spelling <> ''
        group by unknown_spellings.lead_id
    )

select *
from final
