"""The room that decides."""
