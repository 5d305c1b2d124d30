with
    mapped_sources as (select * from {{ ref("int_lead_sources_mapped") }}),

    leads as (select * from {{ ref("fct_leads") }}),

    spend as (
        select * from {{ ref("int_spend_converted") }} where resolved_state = 'staged'
    ),

    origins as (select * from {{ ref("int_touch_origins") }}),

    touches as (select * from {{ ref("int_lead_touches") }}),

    -- Touches are kept for longer than a window needs them.
    attributed as (
        select touches.origin, count(*) as touches
        from touches
        inner join leads on touches.lead_id = leads.lead_id
        inner join origins on touches.origin = origins.origin
        where
            origins.lead_source = 'unknown'
            and (
                {% for milestone in milestones() %}
                    touches.touched_at
                    between coalesce(leads.{{ milestone }}_at, {{ as_of() }})
                    - {{ attribution_lookback() }} and coalesce(
                        leads.{{ milestone }}_at, {{ as_of() }}
                    )
                    {{ "or" if not loop.last }}
                {% endfor %}
            )
        group by touches.origin
    ),

    counted as (
        select
            lower(raw_lead_source) as raw_lead_source,
            1 as leads,
            0 as touches,
            0 as spend
        from leads
        union all
        select origins.raw_lead_source, 0 as leads, attributed.touches, 0 as spend
        from attributed
        inner join origins on attributed.origin = origins.origin
        union all
        select
            lower(raw_lead_source) as raw_lead_source,
            0 as leads,
            0 as touches,
            reporting_amount as spend
        from spend
    ),

    -- Sums over all sources come before those that are mapped are left out.
    summed as (
        select
            raw_lead_source,
            cast(sum(leads) as bigint) as leads,
            cast(sum(touches) as bigint) as touches,
            cast(sum(spend) as decimal(20, 2)) as spend,
            cast(sum(leads) as double)
            / nullif(sum(sum(leads)) over (), 0) as lead_share,
            cast(sum(spend) as double)
            / nullif(cast(sum(sum(spend)) over () as double), 0) as spend_share
        from counted
        group by raw_lead_source
    ),

    final as (
        select
            cast(
                row_number() over (
                    order by
                        greatest(
                            coalesce(summed.lead_share, 0),
                            coalesce(summed.spend_share, 0)
                        ) desc,
                        summed.touches desc,
                        summed.raw_lead_source asc
                ) as bigint
            ) as source_rank,
            summed.*
        from summed
        inner join
            mapped_sources on summed.raw_lead_source = mapped_sources.raw_lead_source
        where not mapped_sources.is_mapped
    )

select *
from final
