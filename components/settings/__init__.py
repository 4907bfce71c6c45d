"""WHAT is asked for: a stack's settings, typed, checked, every problem of a file in one report."""
