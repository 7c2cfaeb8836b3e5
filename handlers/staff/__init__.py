"""Menus and buttons of the directorate's staff."""
