"""Dialogues about accounts: registration, login, password, mobile."""
