with
    consents as (
        select staged.*, affected.survivor_lead_id
        from {{ ref("stg_raw__consents") }} as staged
        inner join
            {{ ref("int_leads_affected") }} as affected
            on staged.lead_id = affected.lead_id
        where staged.row_state = 'staged' and affected.survivor_lead_id is not null
    ),

    -- A purchased grant neither meets a requirement nor ends a withdrawal.
    decisive as (
        select
            survivor_lead_id as lead_id,
            occurred_at as valid_from,
            min(case when status = 'withdrawn' then 0 else 1 end) = 1 as is_granted
        from consents
        where status = 'withdrawn' or coalesce(basis, '') <> 'purchased'
        group by survivor_lead_id, occurred_at
    ),

    final as (
        select
            *,
            coalesce(
                lead(valid_from) over (partition by lead_id order by valid_from),
                {{ end_of_time() }}
            ) as valid_to
        from decisive
    )

select *
from final
