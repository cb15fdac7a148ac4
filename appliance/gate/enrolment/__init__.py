"""How a person comes into the store and leaves it."""
