with
    answers as (
        select staged.*, affected.survivor_lead_id
        from {{ ref("stg_raw__qualification_answers") }} as staged
        inner join
            {{ ref("int_leads_affected") }} as affected
            on staged.lead_id = affected.lead_id
        where staged.row_state = 'staged' and affected.survivor_lead_id is not null
    ),

    ranked as (
        select
            *,
            row_number() over (
                partition by survivor_lead_id, framework, criterion
                order by assessed_at desc, answer_id desc
            ) as answer_rank
        from answers
    ),

    final as (
        select survivor_lead_id as lead_id, framework, criterion, is_met, assessed_at
        from ranked
        where answer_rank = 1
    )

select *
from final
