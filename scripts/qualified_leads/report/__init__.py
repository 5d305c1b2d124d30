"""In: a release. Out: one HTML file for a reader, without personal data."""
