"""Any table, CSV or Parquet, by a map in TOML that says which column means what."""
