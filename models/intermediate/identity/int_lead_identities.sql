with recursive
    staged as (
        select *
        from {{ ref("stg_raw__leads") }}
        where row_state = 'staged' and is_current
    ),

    leads as (
        select staged.lead_id, staged.created_at, targets.lead_id as target_id
        from staged
        left join
            staged as targets
            on staged.merged_into_lead_id = targets.lead_id
            and staged.lead_id <> targets.lead_id
    ),

    -- Back from leads that merge nowhere; circles and what leads into one are not
    -- reached.
    walked as (
        select leads.lead_id, targets.lead_id as root_lead_id
        from leads
        inner join leads as targets on leads.target_id = targets.lead_id
        where targets.target_id is null
        union all
        select leads.lead_id, walked.root_lead_id
        from leads
        inner join walked on leads.target_id = walked.lead_id
    ),

    rooted as (
        select
            leads.lead_id,
            leads.created_at,
            case
                when leads.target_id is null then leads.lead_id else walked.root_lead_id
            end as root_lead_id
        from leads
        left join walked on leads.lead_id = walked.lead_id
    ),

    joined as (
        select
            rooted.root_lead_id,
            first_value(rooted.root_lead_id) over (
                partition by
                    addresses.address,
                    case when addresses.address is null then rooted.root_lead_id end
                order by min(rooted.created_at), rooted.root_lead_id
            ) as survivor_lead_id
        from rooted
        left join
            {{ ref("int_lead_addresses") }} as addresses
            on rooted.root_lead_id = addresses.lead_id
        where rooted.root_lead_id is not null
        group by rooted.root_lead_id, addresses.address
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
            full join {{ this }} as known on resolved.lead_id = known.lead_id
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
