"""Telegram and Bale: the one place where messages come and go."""
