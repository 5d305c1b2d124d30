with
    consents as (select * from {{ ref("int_consents_resolved") }}),

    -- A purchased grant neither meets a requirement nor ends a withdrawal.
    decisive as (
        select
            survivor_lead_id as lead_id,
            occurred_at as valid_from,
            min(case when status = 'withdrawn' then 0 else 1 end) = 1 as is_granted
        from consents
        where
            resolved_state = 'staged'
            and (status = 'withdrawn' or coalesce(basis, '') <> 'purchased')
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
