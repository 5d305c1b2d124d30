with
    exclusion_rules as (select * from {{ ref("exclusion_rules") }}),

    public_suffixes as (select * from {{ ref("public_suffixes") }}),

    elements as (
        select
            rule_id,
            lower(trim(comparison)) as comparison,
            rule_value,
            {{ explode_text("lower(rule_value)") }} as element
        from exclusion_rules
        where
            lower(trim(attribute_name)) = 'domain'
            and lower(trim(comparison)) in ('equals', 'in', 'contains')
    ),

    hosts as (
        select *, {{ ascii_domain(domain_host("element")) }} as host from elements
    ),

    found as (
        select
            hosts.rule_id,
            hosts.host is not null
            and hosts.host not like '% %'
            and hosts.host not like '%@%'
            and (hosts.comparison = 'in' or hosts.rule_value not like '%|%')
            and (
                hosts.comparison = 'contains'
                or (
                    hosts.host like '%.%'
                    and (suffixes.suffix is null or exceptions.suffix is not null)
                )
            ) as can_match
        from hosts
        left join
            public_suffixes as suffixes
            on hosts.host = suffixes.suffix
            or '*.' || regexp_replace(hosts.host, '^[^.]*[.]', '') = suffixes.suffix
        left join public_suffixes as exceptions on '!' || hosts.host = exceptions.suffix
    )

-- A rule may list a value too many; one of which none can match excludes nobody.
select rule_id
from found
group by rule_id
having max(case when can_match then 1 else 0 end) = 0
