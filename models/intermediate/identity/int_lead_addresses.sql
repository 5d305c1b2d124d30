with
    leads as (select * from {{ ref("stg_raw__leads") }}),

    placeholder_emails as (select * from {{ ref("placeholder_emails") }}),

    addresses as (
        select lead_id, lower(email) as address
        from leads
        where
            row_state = 'staged'
            and is_current
            and email_host is not null
            and not coalesce(is_deleted, false)
        union all
        select cast(null as string) as lead_id, lower(trim(email)) as address
        from placeholder_emails
    ),

    compared as (
        select
            lead_id,
            {{ nfc_text("regexp_extract(address, '^(.*)@[^@]*$', 1)") }} as mailbox,
            {{ ascii_domain("regexp_extract(address, '^.*@([^@]*)$', 1)") }} as domain
        from addresses
    ),

    placeholders as (
        select mailbox, domain
        from compared
        where lead_id is null
        group by mailbox, domain
    ),

    final as (
        select compared.lead_id, compared.mailbox || '@' || compared.domain as address
        from compared
        left join
            placeholders as boxes
            on compared.mailbox = boxes.mailbox
            and boxes.domain = ''
        left join
            placeholders
            on compared.mailbox = placeholders.mailbox
            and compared.domain = placeholders.domain
        where
            compared.lead_id is not null
            and boxes.mailbox is null
            and placeholders.mailbox is null
    )

select *
from final
