with
    costs as (select * from {{ ref("rpt_source_costs") }}),

    spend as (select * from {{ ref("fct_spend") }}),

    ledger as (select coalesce(sum(reporting_amount), 0) as spend from spend),

    reported as (select basis, sum(spend) as spend from costs group by basis)

select reported.basis, reported.spend, ledger.spend as ledger_spend
from reported
cross join ledger
where reported.spend <> ledger.spend
