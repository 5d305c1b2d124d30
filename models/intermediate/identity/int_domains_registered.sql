{% set deepest_suffix = 5 %}
with
    hosts as (
        select
            found.host, {{ ascii_domain("found.host") }} as ascii_host, found.list_name
        from {{ ref("int_domain_hosts") }} as found
        {% if is_incremental() %}
            where
                found.list_name <> 'seen'
                or found.host not in (select known.host from {{ this }} as known)
        {% endif %}
    ),

    public_suffixes as (select * from {{ ref("public_suffixes") }}),

    tails as (
        {% for labels in range(1, deepest_suffix + 1) %}
            select
                host,
                ascii_host,
                {{ labels }} as label_count,
                regexp_extract(
                    ascii_host, '([^.]+[.]){{ "{" ~ (labels - 1) ~ "}" }}[^.]+$', 0
                ) as tail
            from hosts
            group by host, ascii_host {{ "union all" if not loop.last }}
        {% endfor %}
    ),

    rules as (
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
    ),

    -- The public suffix list: a plain rule names a suffix, '*.ck' makes every label
    -- below ck one, '!www.ck' takes that back; an unlisted name has a suffix of one
    -- label.
    suffixes as (
        select
            tails.host,
            coalesce(
                max(
                    case when rules.extra_label_count < 0 then tails.label_count - 1 end
                ),
                max(tails.label_count + rules.extra_label_count),
                1
            ) as suffix_label_count
        from tails
        left join rules on tails.tail = rules.suffix
        group by tails.host
    ),

    registered as (
        select
            suffixes.host,
            coalesce(
                max(
                    case
                        when tails.label_count = suffixes.suffix_label_count + 1
                        then nullif(tails.tail, '')
                    end
                ),
                max(tails.ascii_host)
            ) as domain
        from suffixes
        inner join tails on suffixes.host = tails.host
        group by suffixes.host
    ),

    listed as (
        select
            registered.domain,
            max(case when hosts.list_name = 'free' then 1 else 0 end) = 1 as is_free,
            max(case when hosts.list_name = 'disposable' then 1 else 0 end)
            = 1 as is_disposable
        from registered
        inner join hosts on registered.host = hosts.host
        group by registered.domain
    ),

    final as (
        select registered.host, listed.domain, listed.is_free, listed.is_disposable
        from registered
        inner join listed on registered.domain = listed.domain
        inner join hosts on registered.host = hosts.host and hosts.list_name = 'seen'
    )

select *
from final
