"""Dialogues of the directorate's staff."""
