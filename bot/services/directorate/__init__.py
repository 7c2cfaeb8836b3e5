"""Reference data and reports of the directorate. Every function needs an actor in the staff's role.

See docs/specification.md 4.1, staff.menu.
"""
