{% set tables = ["leads", "campaigns", "spend", "activities"] %}
with
    united as (
        {% for table_name in tables %}
            select distinct lower(staged.lead_source) as raw_lead_source
            from {{ ref("stg_raw__" ~ table_name) }} as staged
            where
                {{ changed_since_last_refresh("staged") }} {{ "union" if not loop.last }}
        {% endfor %}
    ),

    final as (
        select united.raw_lead_source
        from united
        where
            united.raw_lead_source is not null
            {% if is_incremental() %}
                and not exists (
                    select 1
                    from {{ this }} as known
                    where known.raw_lead_source = united.raw_lead_source
                )
            {% endif %}
    )

select *
from final
