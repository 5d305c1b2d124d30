-- A CRM may date a deal before the first contact: the time stays real, and is shown.
with entries as (select * from {{ ref("fct_stage_entries") }})

select entries.lead_id, entries.stage, entries.entered_at
from entries
inner join {{ ref("fct_leads") }} as leads on entries.lead_id = leads.lead_id
where entries.entered_at < leads.created_at
