"""Sanmen, the firmware of a community gate: vision sees, gate decides, ui shows."""
