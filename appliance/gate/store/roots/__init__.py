"""Where a gate's root key can come from, one source to a file."""
