"""Shared types: updates, screens, refusals, a turn's context, counters."""
