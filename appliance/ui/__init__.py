"""The room that shows: words, screens and pages; it holds no key."""
