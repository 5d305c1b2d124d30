-- fct_leads, fct_mqls, fct_sqls and fct_stage_entries tell the same first times.
with
    leads as (select * from {{ ref("fct_leads") }}),

    mqls as (select * from {{ ref("fct_mqls") }}),

    sqls as (select * from {{ ref("fct_sqls") }}),

    entries as (select * from {{ ref("fct_stage_entries") }}),

    first_mqls as (select lead_id, min(mql_at) as mql_at from mqls group by lead_id),

    first_sqls as (select lead_id, min(sql_at) as sql_at from sqls group by lead_id),

    first_entries as (
        select
            lead_id,
            min(case when stage = 'mql' then entered_at end) as mql_at,
            min(case when stage = 'sql' then entered_at end) as sql_at
        from entries
        group by lead_id
    )

select leads.lead_id
from leads
left join first_mqls on leads.lead_id = first_mqls.lead_id
left join first_sqls on leads.lead_id = first_sqls.lead_id
left join first_entries on leads.lead_id = first_entries.lead_id
where
    leads.mql_at is distinct from first_mqls.mql_at
    or leads.sql_at is distinct from first_sqls.sql_at
    or leads.mql_at is distinct from first_entries.mql_at
    or leads.sql_at is distinct from first_entries.sql_at
