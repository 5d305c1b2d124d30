{{ resolved_rows("stg_raw__experiment_assignments") }}
