"""Rows for tests: one factory for each kind of row, and the participants of a qualification and of a cooperation."""
