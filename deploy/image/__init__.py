"""Builds the card of a gate: one recipe, two profiles. Started by `deploy/build`."""
