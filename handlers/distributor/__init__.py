"""Menus and buttons of distributors' managers."""
