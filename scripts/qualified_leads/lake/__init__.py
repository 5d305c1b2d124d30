"""In: Parquet files that a load has written. Out: the lake, `$WAREHOUSE/raw`, and what is in it."""
