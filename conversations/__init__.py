"""Dialogues of several steps: the engine, the kinds of question, one module a dialogue."""
