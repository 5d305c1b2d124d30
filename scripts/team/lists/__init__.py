"""In: lists that others publish. Out: seeds of e-mail domains, suffixes and traffic sources."""
