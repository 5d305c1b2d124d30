{{ resolved_rows("stg_raw__lead_attributes") }}
