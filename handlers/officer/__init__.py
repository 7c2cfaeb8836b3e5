"""Menus and buttons of officers."""
