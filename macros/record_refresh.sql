{# After a run: it is one to build upon only if every model was built and nothing failed. #}
{% macro record_refresh() -%}
    {%- if execute and flags.WHICH in ("build", "run") -%}
        {%- set done = [] -%}
        {%- set failed = [] -%}
        {%- for result in results -%}
            {%- do done.append(result.node.unique_id) -%}
            {%- if result.status | string not in (
                "success",
                "pass",
                "warn",
                "no-op",
            ) -%}
                {%- do failed.append(result.node.unique_id) -%}
            {%- endif -%}
        {%- endfor -%}
        {%- if not failed and is_whole_project(done) -%}
            {%- set refreshes = ops_relation("refreshes") -%}
            {%- set number = refresh_plan().refresh_number %}
            update {{ refreshes }}
            set
                is_complete = true,
                policy_fingerprint = {% if is_whole_project(done, ["seed"]) -%} policy_fingerprint
            {%- else -%}
                -- That of the seeds that are loaded.
                    coalesce(
                        (
                            select max_by(loaded.policy_fingerprint, loaded.refresh_number)
                            from {{ refreshes }} as loaded
                            where loaded.is_complete
                        ),
                        'none'
                    )
            {%- endif %}
            where refresh_number = {{ number }}
            ;
            delete from {{ refreshes }}
            where refresh_number < {{ number }} - 1000
            ;
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}
