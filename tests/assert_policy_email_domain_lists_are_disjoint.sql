select free.domain
from {{ ref("free_email_domains") }} as free
inner join
    {{ ref("disposable_email_domains") }} as disposable
    on lower(trim(free.domain)) = lower(trim(disposable.domain))
