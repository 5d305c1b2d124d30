with
    affected as (select * from {{ ref("int_leads_affected") }}),

    -- Few leads are looked up before the rules of their activities are.
    activities as {{ few_rows() }} (
        select staged.*, affected.survivor_lead_id
        from {{ ref("stg_raw__activities") }} as staged
        inner join affected on staged.lead_id = affected.lead_id
        where staged.row_state = 'staged' and affected.survivor_lead_id is not null
    ),

    rules as (select * from {{ ref("int_activity_rules_bucketed") }} where is_touch),

    -- As int_lead_statuses has them, a model later.
    firsts as (
        select
            lead_id
            {% for milestone in milestones() %}
                , min({{ milestone }}_at) as {{ milestone }}_at
            {% endfor %}
        from {{ ref("int_episode_stages") }}
        group by lead_id
    ),

    -- An open window moves on with as_of: what comes after its start is kept.
    kept as (
        select
            firsts.*,
            activities.activity_id,
            activities.occurred_at as touched_at,
            activities.campaign_id,
            -- What its source follows from: its own raw source, else its campaign.
            coalesce(
                'source ' || lower(activities.lead_source),
                'campaign ' || activities.campaign_id
            ) as origin
        from activities
        inner join
            rules
            on activities.activity_type = rules.activity_type
            and activities.occurred_at >= rules.valid_from
            and activities.occurred_at < rules.valid_to
        inner join firsts on activities.survivor_lead_id = firsts.lead_id
        where
            {% for milestone in milestones() %}
                activities.occurred_at
                between coalesce(firsts.{{ milestone }}_at, {{ as_of() }})
                - {{ attribution_lookback() }} and coalesce(
                    firsts.{{ milestone }}_at, {{ end_of_time() }}
                )
                {{ "or" if not loop.last }}
            {% endfor %}
    ),

    final as (
        select
            *,
            cast(row_number() over history as bigint) as touch_number,
            lead(origin) over history as next_origin,
            lag(touched_at) over history as previous_touched_at,
            lead(touched_at) over history as next_touched_at
        from kept
        window history as (partition by lead_id order by touched_at, activity_id)
    )

select *
from final
