with recursive
    lead_rows as (select * from {{ ref("stg_raw__leads") }}),

    leads as (select * from lead_rows where row_state = 'staged' and is_current),

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
            walked.root_lead_id,
            addresses.address as shared_email,
            min(leads.created_at) as created_at
        from walked
        inner join leads on walked.lead_id = leads.lead_id
        left join addresses on walked.root_lead_id = addresses.lead_id
        group by walked.root_lead_id, addresses.address
    ),

    joined as (
        select
            root_lead_id,
            case
                when shared_email is null
                then root_lead_id
                else
                    first_value(root_lead_id) over (
                        partition by shared_email order by created_at, root_lead_id
                    )
            end as survivor_lead_id
        from roots
    ),

    final as (
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
    )

select *
from final
