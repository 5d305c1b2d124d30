with
    public_suffixes as (select * from {{ ref("public_suffixes") }}),

    -- A plain rule names a suffix, '*.ck' makes every label below ck one, '!www.ck'
    -- takes that back.
    final as (
        select
            {{
                ascii_domain(
                    "lower(trim(replace(replace(suffix, '!', ''), '*.', '')))"
                )
            }} as suffix,
            case
                when suffix like '!%' then -1 when suffix like '*.%' then 1 else 0
            end as extra_label_count
        from public_suffixes
    )

select *
from final
