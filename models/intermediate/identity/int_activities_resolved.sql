{{ resolved_rows("stg_raw__activities") }}
