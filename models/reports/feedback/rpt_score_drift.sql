with
    snapshots as (select * from {{ ref("fct_score_snapshots") }}),

    parameters as (
        select max(value) as minimum_leads
        from {{ ref("report_parameters") }}
        where parameter = 'minimum_leads'
    ),

    scores as (
        select 'fit' as score_kind, created_at, fit_score as score
        from snapshots
        union all
        select 'engagement' as score_kind, created_at, engagement_score as score
        from snapshots
    ),

    -- Ten bins of ten points; 100 belongs to the last one.
    binned as (
        select
            score_kind,
            cast({{ dbt.date_trunc("month", "created_at") }} as date) as month,
            cast(least(floor(score / 10), 9) as integer) as bin,
            score
        from scores
    ),

    months as (
        select
            score_kind, month, round({{ exact_average("score") }}, 6) as average_score
        from binned
        group by score_kind, month
    ),

    bins as (select score_kind, bin from binned group by score_kind, bin),

    counted as (
        select score_kind, month, bin, count(*) as leads
        from binned
        group by score_kind, month, bin
    ),

    filled as (
        select
            months.score_kind,
            months.month,
            months.average_score,
            coalesce(counted.leads, 0) as leads,
            sum(coalesce(counted.leads, 0)) over (
                partition by months.score_kind, bins.bin order by months.month
            )
            - coalesce(counted.leads, 0) as earlier_leads
        from months
        inner join bins on months.score_kind = bins.score_kind
        left join
            counted
            on months.score_kind = counted.score_kind
            and months.month = counted.month
            and bins.bin = counted.bin
    ),

    -- Half a lead per bin keeps empty ones finite.
    shares as (
        select
            *,
            sum(earlier_leads) over (partition by score_kind, month) as baseline_leads,
            (leads + 0.5e0)
            / sum(leads + 0.5e0) over (partition by score_kind, month) as lead_share,
            (earlier_leads + 0.5e0) / sum(earlier_leads + 0.5e0) over (
                partition by score_kind, month
            ) as baseline_share
        from filled
    ),

    final as (
        select
            shares.score_kind,
            shares.month,
            cast(sum(shares.leads) as bigint) as leads,
            max(shares.average_score) as average_score,
            cast(max(shares.baseline_leads) as bigint) as baseline_leads,
            case
                when
                    least(sum(shares.leads), max(shares.baseline_leads))
                    >= max(parameters.minimum_leads)
                then
                    sum(
                        (shares.lead_share - shares.baseline_share)
                        * ln(shares.lead_share / shares.baseline_share)
                    )
            end as population_stability_index
        from shares
        cross join parameters
        group by shares.score_kind, shares.month
    )

select *
from final
