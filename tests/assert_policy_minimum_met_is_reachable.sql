select
    lower(trim(framework)) as framework,
    max(minimum_met) as minimum_met,
    count(*) as criterion_count
from {{ ref("qualification_criteria") }}
group by lower(trim(framework))
having max(minimum_met) > count(*)
