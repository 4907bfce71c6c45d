"""HOW it is written down: pure functions, settings and sites in, dictionaries or text out."""
