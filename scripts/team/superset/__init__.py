"""In: the served release. Out: Superset on loopback with its datasets, charts and dashboard."""
