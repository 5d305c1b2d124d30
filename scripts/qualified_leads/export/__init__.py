"""In: a release. Out: tables as files for other tools, and batches of leads for a CRM."""
