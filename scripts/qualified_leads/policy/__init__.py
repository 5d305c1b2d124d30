"""In: the CSV files in `seeds/`. Out: their rows, typed, and whether the work file has them."""
