"""Screens of what experts do together: colleagues, leave, many files at once, notes, kept phrases."""
