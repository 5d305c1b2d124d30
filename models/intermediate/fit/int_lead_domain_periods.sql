with
    lead_versions as (select * from {{ ref("int_lead_versions") }}),

    technologies as (select * from {{ ref("int_company_technologies_resolved") }}),

    final as (
        select
            lead_versions.lead_id,
            'technology' as attribute_name,
            greatest(
                lead_versions.valid_from,
                coalesce(technologies.detected_at, {{ beginning_of_time() }})
            ) as valid_from,
            lead_versions.valid_to,
            technologies.technology as attribute_value
        from lead_versions
        inner join
            technologies
            on lead_versions.domain = technologies.registered_domain
            and technologies.row_state = 'staged'
            and coalesce(technologies.detected_at, {{ beginning_of_time() }})
            < lead_versions.valid_to
        {% for column in ["email_domain", "stated_domain", "domain"] %}
            union all
            select
                lead_id,
                'registrable_domain' as attribute_name,
                valid_from,
                valid_to,
                {{ column }} as attribute_value
            from lead_versions
        {% endfor %}
    )

select *
from final
