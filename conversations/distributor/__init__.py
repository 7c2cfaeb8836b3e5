"""Dialogues about distributors and branches."""
