"""Tools of the team, which no user runs on data of their own; `qualified_leads` imports none."""
