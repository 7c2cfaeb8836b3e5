"""Shared types: updates, screens, routes, refusals, a turn's context, resources, counters."""
