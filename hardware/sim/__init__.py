"""The same ports driven by files, tests or the keyboard, with physics; shipped for the demo."""
