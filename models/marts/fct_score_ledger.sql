with
    ledger_rows as (select * from {{ ref("int_score_ledger_rows") }}),

    final as (
        select
            lead_id,
            score_kind,
            score_group,
            rule_id,
            event_count,
            round(raw_points, 9) as raw_points,
            round(decayed_points, 9) as decayed_points,
            round(capped_points, 9) as capped_points
        from ledger_rows
    )

select *
from final
