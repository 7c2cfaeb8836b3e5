"""Menus and buttons of experts."""
