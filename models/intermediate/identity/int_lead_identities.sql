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

    -- Walking back from the leads that are merged into and merge nowhere reaches all
    -- that merge but
    -- circles and what leads into one.
    walked as (
        select merge_edges.lead_id, merge_edges.merged_into_lead_id as root_lead_id
        from merge_edges
        left join
            merge_edges as further on merge_edges.merged_into_lead_id = further.lead_id
        where further.lead_id is null
        union all
        select merge_edges.lead_id, walked.root_lead_id
        from merge_edges
        inner join walked on merge_edges.merged_into_lead_id = walked.lead_id
    ),

    rooted as (
        select
            leads.lead_id,
            leads.created_at,
            case
                when merge_edges.lead_id is null
                then leads.lead_id
                else walked.root_lead_id
            end as root_lead_id
        from leads
        left join merge_edges on leads.lead_id = merge_edges.lead_id
        left join walked on leads.lead_id = walked.lead_id
    ),

    roots as (
        select
            rooted.root_lead_id, addresses.address, min(rooted.created_at) as created_at
        from rooted
        left join addresses on rooted.root_lead_id = addresses.lead_id
        where rooted.root_lead_id is not null
        group by rooted.root_lead_id, addresses.address
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
            rooted.lead_id,
            joined.survivor_lead_id,
            case
                when joined.survivor_lead_id is null
                then 'merge_cycle'
                when rooted.lead_id = joined.survivor_lead_id
                then 'self'
                when rooted.lead_id <> rooted.root_lead_id
                then 'merge'
                else 'email'
            end as reason
        from rooted
        left join joined on rooted.root_lead_id = joined.root_lead_id
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
