with
    mapped_sources as (select * from {{ ref("int_lead_sources_mapped") }}),

    leads as (select * from {{ ref("fct_leads") }}),

    spend as (select * from {{ ref("int_spend_converted") }}),

    origins as (select * from {{ ref("int_touch_origins") }}),

    touches as (select * from {{ ref("int_touches_sourced") }}),

    statuses as (select * from {{ ref("int_lead_statuses") }}),

    unmapped as (select raw_lead_source from mapped_sources where not is_mapped),

    -- Touches are kept for longer than a window needs them.
    attributed as (
        select touches.origin, count(*) as touches
        from touches
        inner join statuses on touches.lead_id = statuses.lead_id
        where
            touches.lead_source = 'unknown'
            and (
                {% for milestone in milestones() %}
                    touches.touched_at
                    between coalesce(statuses.{{ milestone }}_at, {{ as_of() }})
                    - {{ attribution_lookback() }} and coalesce(
                        statuses.{{ milestone }}_at, {{ as_of() }}
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
        where resolved_state = 'staged'
    ),

    final as (
        select
            unmapped.raw_lead_source,
            cast(sum(counted.leads) as bigint) as leads,
            cast(sum(counted.touches) as bigint) as touches,
            cast(sum(counted.spend) as decimal(20, 2)) as spend
        from unmapped
        inner join counted on unmapped.raw_lead_source = counted.raw_lead_source
        group by unmapped.raw_lead_source
    )

select *
from final
