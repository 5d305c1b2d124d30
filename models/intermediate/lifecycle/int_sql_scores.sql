with
    sqls as (
        select lead_id, episode, sql_at as moment_at
        from {{ ref("int_episode_stages") }}
        where sql_at is not null
    ),

    final as ({{ engagement_at("sqls") }})

select *
from final
