with
    shares as (
        select *
        from {{ ref("int_path_shares") }}
        where
            lead_id in (
                select affected.survivor_lead_id
                from {{ ref("int_leads_affected") }} as affected
            )
    ),

    paths as (
        select distinct
            milestone,
            lead_id,
            first_number,
            last_number,
            last_touched_at,
            coalesce(half_life_days, 0) as half_life_days
        from shares
    ),

    -- Most models differ in their anchors alone and share the sums of the others.
    sums as (
        select
            paths.milestone,
            paths.lead_id,
            paths.half_life_days,
            coalesce(touches.origin, '') as origin,
            sum({{ time_factor("paths", "touches") }}) as factor_sum
        from paths
        inner join
            {{ ref("int_lead_touches") }} as touches
            on paths.lead_id = touches.lead_id
            and paths.first_number <= touches.touch_number
            and paths.last_number >= touches.touch_number
        group by
            paths.milestone,
            paths.lead_id,
            paths.half_life_days,
            coalesce(touches.origin, '')
    ),

    anchored as (
        select
            milestone,
            attribution_model,
            lead_id,
            origin,
            sum(credit) as credit,
            count(*) as anchor_count
        from
            (
                {% for place in ["first", "creation", "last"] %}
                    {{ "union all" if not loop.first }}
                    select
                        shares.milestone,
                        shares.attribution_model,
                        shares.lead_id,
                        coalesce(touches.origin, '') as origin,
                        shares.{{ place }}_credit as credit
                    from shares
                    inner join
                        {{ ref("int_lead_touches") }} as touches
                        on shares.lead_id = touches.lead_id
                        and shares.{{ place }}_number = touches.touch_number
                    where shares.{{ place }}_credit is not null
                {% endfor %}
            ) as anchors
        group by milestone, attribution_model, lead_id, origin
    ),

    final as (
        select
            shares.milestone,
            shares.attribution_model,
            shares.lead_id,
            sums.origin,
            shares.is_data_driven,
            shares.half_life_days is not null or shares.is_data_driven as is_scaled,
            coalesce(anchored.credit, 0) as anchor_credit,
            coalesce(shares.other_credit, 0)
            * (sums.factor_sum - coalesce(anchored.anchor_count, 0)) as factored_credit
        from shares
        inner join
            sums
            on shares.milestone = sums.milestone
            and shares.lead_id = sums.lead_id
            and coalesce(shares.half_life_days, 0) = sums.half_life_days
        left join
            anchored
            on shares.milestone = anchored.milestone
            and shares.attribution_model = anchored.attribution_model
            and shares.lead_id = anchored.lead_id
            and sums.origin = anchored.origin
    )

select *
from final
where anchor_credit + factored_credit > 0
