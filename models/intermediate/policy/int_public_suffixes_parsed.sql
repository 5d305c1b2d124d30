with
    public_suffixes as (select * from {{ ref("public_suffixes") }}),

    -- A plain rule names a suffix, '*.ck' makes every label below ck one, '!www.ck'
    -- takes that back. Some names are listed in both forms.
    final as (
        select distinct
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
