with
    answers as (select * from {{ ref("int_qualification_answers_resolved") }}),

    ranked as (
        select
            *,
            row_number() over (
                partition by survivor_lead_id, framework, criterion
                order by assessed_at desc, answer_id desc
            ) as answer_rank
        from answers
        where resolved_state = 'staged'
    ),

    final as (
        select survivor_lead_id as lead_id, framework, criterion, is_met, assessed_at
        from ranked
        where answer_rank = 1
    )

select *
from final
