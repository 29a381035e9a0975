"""Tasks: their data as Parquet artifacts, and their metrics."""
