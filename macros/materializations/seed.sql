{#
    dbt-duckdb's own lets DuckDB read the file, which takes no line ends of two kinds and no cell as
    a spreadsheet of another country writes it, and names neither row nor column. The rows come from
    the project's reader, policy/files.py, which dbt runs in the project's directory.
#}
{% materialization seed, adapter = "duckdb" %}
    {%- if not has_plugin() -%}
        {{ return(dbt.materialization_seed_default()) }}
    {%- endif -%}
    {%- set existing = load_cached_relation(this) -%}
    {%- set target = this.incorporate(type="table") -%}
    {%- if not config.get("column_types") -%}
        {%- do exceptions.raise_compiler_error(
            model.original_file_path
            ~ ": list the column_types of this seed in _seeds.yml"
        ) -%}
    {%- endif -%}

    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}
    {%- if existing is not none and not existing.is_table -%}
        {%- do adapter.drop_relation(existing) -%}
    {%- endif -%}

    {% call statement("main") -%}
        create or replace table {{ target }} as
        select
        {%- for column, type in config.get("column_types").items() %}
                cast(cells['{{ column }}'] as {{ type }}) as {{ column }},
        {%- endfor %}
        from (select unnest(policy_rows('{{ model.name }}')) as cells)
    {%- endcall %}
    {%- do store_result("agate_table", response="OK") -%}

    {%- do persist_docs(target, model) -%}
    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {{ adapter.commit() }}
    {{ run_hooks(post_hooks, inside_transaction=False) }}
    {{ return({"relations": [target]}) }}
{% endmaterialization %}
