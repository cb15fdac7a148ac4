"""The pure core of the gate: who may pass, when, and what the door does."""
