"""Runs on disk: Parquet in shards, a manifest, and a fingerprint of what was recorded."""
