"""Screens of one's own account: login and roles, own data, an invitation."""
