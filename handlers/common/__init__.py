"""Menus, cards and lists that several roles share."""
