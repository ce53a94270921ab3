"""Play, branch, schedule, store."""
