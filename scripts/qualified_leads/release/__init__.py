"""In: marts and reports of the work file. Out: one immutable file behind a link."""
