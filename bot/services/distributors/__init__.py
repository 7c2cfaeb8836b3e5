"""Distributors, their managers and their branches."""
