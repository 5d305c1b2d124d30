{% set deepest_suffix = 5 %}
with
    hosts as (
        select *
        from {{ ref("int_domain_hosts") }}
        {% if is_incremental() %}
            where list_name <> 'seen' or host not in (select host from {{ this }})
        {% endif %}
    ),

    public_suffixes as (select * from {{ ref("public_suffixes") }}),

    tails as (
        {% for labels in range(1, deepest_suffix + 1) %}
            select
                host,
                {{ labels }} as label_count,
                regexp_extract(
                    host, '([^.]+[.]){{ "{" ~ (labels - 1) ~ "}" }}[^.]+$', 0
                ) as tail
            from hosts
            group by host {{ "union all" if not loop.last }}
        {% endfor %}
    ),

    rules as (
        select
            lower(trim(replace(replace(suffix, '!', ''), '*.', ''))) as suffix,
            case
                when suffix like '!%'
                then 'exception'
                when suffix like '*.%'
                then 'wildcard'
                else 'plain'
            end as rule_kind
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
                    case
                        when rules.rule_kind = 'exception' then tails.label_count - 1
                    end
                ),
                max(
                    case
                        when rules.rule_kind = 'wildcard'
                        then tails.label_count + 1
                        when rules.rule_kind = 'plain'
                        then tails.label_count
                    end
                ),
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
                suffixes.host
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
