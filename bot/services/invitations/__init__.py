"""Invitations: a role for somebody named by staff, or new access to an account, by a link and a one-time code."""
