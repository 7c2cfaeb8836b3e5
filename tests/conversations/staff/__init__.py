"""Dialogues of the directorate."""
