"""Dialogues of officers: requests, amendments, resolving deficiencies, personal details, cooperation."""
