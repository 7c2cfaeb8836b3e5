"""Dialogues of experts: rejecting, declaring deficiencies, searching."""
