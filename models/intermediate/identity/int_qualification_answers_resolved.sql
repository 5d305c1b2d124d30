{{ resolved_rows("stg_raw__qualification_answers") }}
