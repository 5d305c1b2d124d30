with
    unmapped as (select * from {{ ref("fct_unmapped_sources") }}),

    leads as (select count(*) as leads from {{ ref("fct_leads") }}),

    spend as (select sum(reporting_amount) as spend from {{ ref("fct_spend") }}),

    shared as (
        select
            unmapped.*,
            cast(unmapped.leads as double) / nullif(leads.leads, 0) as lead_share,
            cast(unmapped.spend as double)
            / nullif(cast(spend.spend as double), 0) as spend_share
        from unmapped
        cross join leads
        cross join spend
    ),

    final as (
        select
            cast(
                row_number() over (
                    order by
                        greatest(
                            coalesce(lead_share, 0), coalesce(spend_share, 0)
                        ) desc,
                        touches desc,
                        raw_lead_source asc
                ) as bigint
            ) as source_rank,
            raw_lead_source,
            leads,
            touches,
            spend,
            lead_share,
            spend_share
        from shared
    )

select *
from final
