with
    sources as (select * from {{ ref("int_path_sources") }}),

    final as (
        select
            milestone, attribution_model, lead_id, sum(factored_credit) as mean_factor
        from sources
        where is_scaled
        group by milestone, attribution_model, lead_id
    )

select *
from final
