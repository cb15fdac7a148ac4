"""Brings a gate to a newer system, and back by itself if anything does not answer."""
