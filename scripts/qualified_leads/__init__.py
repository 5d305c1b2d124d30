"""Leads in, releases out: what the commands in scripts/ call.

A file or directory is loaded into the lake, dbt builds marts and reports from it, and a release,
the report and exports hand them on. A package per step imports only those before it:

    policy, lake, release -> report, export -> erase -> load -> refresh

The modules beside them serve all. Both this package and `team` are found because `scripts/` is on
Python's path: a script there has it as its own directory, dbt from profiles.yml, pytest from
pyproject.toml, and a process that is started gets it from `paths.import_path`.
"""
