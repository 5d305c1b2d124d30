{% set refresh = this_refresh() %}
{% set is_after_a_failure = (
    not refresh.is_full
    and refresh.refresh_number - 1 > refresh.complete_number
) %}
with
    leads as (select * from {{ ref("int_leads_changed") }}),

    domain_leads as (select * from {{ ref("int_domain_leads_changed") }}),

    identities as (select * from {{ ref("int_lead_identities") }}),

    opportunities as (select * from {{ ref("stg_raw__opportunities") }}),

    changed as (
        select lead_id
        from leads
        union
        select lead_id
        from domain_leads
        union
        select identities.lead_id
        from identities
        where {{ changed_since_last_refresh("identities") }}
        {% if is_after_a_failure %}
            -- A run that was not completed may have computed leads from what no more
            -- holds.
            union
            select failed.lead_id
            from {{ this }} as failed
        {% endif %}
    ),

    -- The versions of an opportunity are validated together, whatever leads they name.
    concerned as (
        select lead_id
        from changed
        union
        select versions.lead_id
        from changed
        inner join opportunities on changed.lead_id = opportunities.lead_id
        inner join
            opportunities as versions
            on opportunities.opportunity_id = versions.opportunity_id
        where versions.lead_id is not null
    ),

    moved as (
        select identities.survivor_lead_id, identities.previous_survivor_lead_id
        from identities
        inner join concerned on identities.lead_id = concerned.lead_id
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
        from concerned
        union
        select survivor_lead_id as lead_id
        from survivors
        union
        select identities.lead_id
        from identities
        inner join survivors on identities.survivor_lead_id = survivors.survivor_lead_id
    ),

    final as (
        select
            members.lead_id,
            identities.survivor_lead_id,
            identities.reason,
            {{ refresh_number() }} as refresh_number
        from members
        left join identities on members.lead_id = identities.lead_id
    )

select *
from final
