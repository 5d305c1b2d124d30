with
    credits as (
        select * from {{ ref("fct_attribution_credits") }} where {{ tested_leads() }}
    ),

    leads as (select * from {{ ref("fct_leads") }} where {{ tested_leads() }}),

    models as (select * from {{ ref("attribution_models") }}),

    reached as (
        {% for milestone in milestones() %}
            select
                leads.lead_id, '{{ milestone }}' as milestone, models.attribution_model
            from leads
            cross join models
            where
                leads.{{ milestone }}_at is not null {{ "union all" if not loop.last }}
        {% endfor %}
    ),

    totals as (
        select
            lead_id,
            milestone,
            attribution_model,
            sum(credit) as credit,
            min(credit) as least_credit,
            count(*) - count(lead_source) as missing_source_count
        from credits
        group by lead_id, milestone, attribution_model
    )

select
    coalesce(reached.lead_id, totals.lead_id) as lead_id,
    coalesce(reached.milestone, totals.milestone) as milestone,
    coalesce(reached.attribution_model, totals.attribution_model) as attribution_model,
    totals.credit
from reached
full join
    totals
    on reached.lead_id = totals.lead_id
    and reached.milestone = totals.milestone
    and reached.attribution_model = totals.attribution_model
where
    reached.lead_id is null
    or totals.credit is null
    or abs(totals.credit - 1) > 0.000000001e0
    or totals.least_credit <= 0
    or totals.missing_source_count > 0
