"""Sets a gate up at its first start, from one file a technician wrote."""
