"""In: a release and dbt's manifest. Out: the pictures of the README."""
