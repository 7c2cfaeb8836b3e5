"""Menus, commands and inline buttons, one file a role or subject."""
