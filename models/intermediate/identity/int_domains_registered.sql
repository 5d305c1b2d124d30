with
    rules as (select * from {{ ref("int_public_suffixes_parsed") }}),

    sightings as (
        select host, 'seen' as list_name
        from {{ ref("int_rules_parsed") }}
        {% for name in ["free", "disposable"] %}
            union
            select {{ domain_host("domain") }} as host, '{{ name }}' as list_name
            from {{ ref(name ~ "_email_domains") }}
        {% endfor %}
        {% for name in ["companies", "company_technologies", "intent_signals"] %}
            union
            select staged.host, 'seen' as list_name
            from {{ ref("stg_raw__" ~ name) }} as staged
            where {{ changed_since_last_refresh("staged") }}
        {% endfor %}
        {% for column in ["email_host", "company_host"] %}
            union
            select leads.{{ column }} as host, 'seen' as list_name
            from {{ ref("stg_raw__leads") }} as leads
            where {{ changed_since_last_refresh("leads") }}
        {% endfor %}
    ),

    hosts as (
        select sightings.*, {{ ascii_domain("sightings.host") }} as ascii_host
        from sightings
        {% if is_incremental() %}
            left join {{ this }} as known on sightings.host = known.host
        {% endif %}
        where
            sightings.host is not null
            {% if is_incremental() %}
                and (sightings.list_name <> 'seen' or known.host is null)
            {% endif %}
    ),

    tails as (
        {% for labels in range(1, 6) %}
            select distinct
                host,
                ascii_host,
                {{ labels }} as label_count,
                regexp_extract(
                    ascii_host, '([^.]+[.]){{ "{" ~ (labels - 1) ~ "}" }}[^.]+$', 0
                ) as tail
            from hosts {{ "union all" if not loop.last }}
        {% endfor %}
    ),

    -- The longest rule counts; an unlisted name has a suffix of one label.
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

    final as (
        select
            hosts.host,
            hosts.list_name,
            registered.domain,
            max(hosts.list_name = 'free') over by_domain as is_free,
            max(hosts.list_name = 'disposable') over by_domain as is_disposable
        from registered
        inner join hosts on registered.host = hosts.host
        window by_domain as (partition by registered.domain)
    )

select host, domain, is_free, is_disposable
from final
where list_name = 'seen'
