with
    resolved as (select * from {{ ref("int_identities_resolved") }}),

    {% if is_incremental() %}
        known as (select * from {{ this }}),

        -- What another survivor had until the last complete refresh is scored again,
        -- too.
        final as (
            select
                coalesce(resolved.lead_id, known.lead_id) as lead_id,
                resolved.survivor_lead_id,
                coalesce(resolved.reason, 'absent') as reason,
                case
                    when {{ changed_since_last_refresh("known") }}
                    then known.previous_survivor_lead_id
                    else known.survivor_lead_id
                end as previous_survivor_lead_id,
                {{ refresh_number() }} as refresh_number
            from resolved
            full join known on resolved.lead_id = known.lead_id
            where
                coalesce(resolved.survivor_lead_id, '')
                <> coalesce(known.survivor_lead_id, '')
                or coalesce(resolved.reason, 'absent') <> coalesce(known.reason, 'new')
        )
    {% else %}
        final as (
            select
                *,
                cast(null as string) as previous_survivor_lead_id,
                {{ refresh_number() }} as refresh_number
            from resolved
        )
    {% endif %}

select *
from final
