with recursive
    leads as (
        select *
        from {{ ref("stg_raw__leads") }}
        where row_state = 'staged' and is_current
    ),

    addresses as (select * from {{ ref("int_lead_addresses") }}),

    merge_edges as (
        select leads.lead_id, leads.merged_into_lead_id
        from leads
        inner join leads as targets on leads.merged_into_lead_id = targets.lead_id
        where leads.lead_id <> leads.merged_into_lead_id
    ),

    -- Walking from the leads that merge nowhere reaches everything but circles and
    -- what leads into one.
    walked as (
        select leads.lead_id, leads.lead_id as root_lead_id
        from leads
        left join merge_edges on leads.lead_id = merge_edges.lead_id
        where merge_edges.lead_id is null
        union all
        select merge_edges.lead_id, walked.root_lead_id
        from merge_edges
        inner join walked on merge_edges.merged_into_lead_id = walked.lead_id
    ),

    roots as (
        select
            walked.root_lead_id, addresses.address, min(leads.created_at) as created_at
        from walked
        inner join leads on walked.lead_id = leads.lead_id
        left join addresses on walked.root_lead_id = addresses.lead_id
        group by walked.root_lead_id, addresses.address
    ),

    -- Without an address a lead is alone.
    joined as (
        select
            root_lead_id,
            first_value(root_lead_id) over (
                partition by address, case when address is null then root_lead_id end
                order by created_at, root_lead_id
            ) as survivor_lead_id
        from roots
    ),

    resolved as (
        select
            leads.lead_id,
            joined.survivor_lead_id,
            case
                when joined.survivor_lead_id is null
                then 'merge_cycle'
                when leads.lead_id = joined.survivor_lead_id
                then 'self'
                when leads.lead_id <> walked.root_lead_id
                then 'merge'
                else 'email'
            end as reason
        from leads
        left join walked on leads.lead_id = walked.lead_id
        left join joined on walked.root_lead_id = joined.root_lead_id
    ),

    {% if is_incremental() %}
        known as (select * from {{ this }}),

        -- What another survivor had until the last complete refresh is scored again.
        final as (
            select
                coalesce(resolved.lead_id, known.lead_id) as lead_id,
                resolved.survivor_lead_id,
                coalesce(resolved.reason, 'absent') as reason,
                case
                    when {{ changed_since_last_refresh("known") }}
                    then known.previous_survivor_lead_id
                    else known.survivor_lead_id
                end as previous_survivor_lead_id
            from resolved
            full join known on resolved.lead_id = known.lead_id
            where
                coalesce(resolved.survivor_lead_id, '')
                <> coalesce(known.survivor_lead_id, '')
                or coalesce(resolved.reason, 'absent') <> coalesce(known.reason, 'new')
        )
    {% else %}
        final as (
            select *, cast(null as string) as previous_survivor_lead_id from resolved
        )
    {% endif %}

select *, {{ refresh_number() }} as refresh_number
from final
