"""Presentation attack cues: one cue, one file; evidence in, evidence out, never a decision."""
