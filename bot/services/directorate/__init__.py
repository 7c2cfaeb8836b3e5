"""What the directorate's staff keep and look after: every function needs an actor in that role.

See docs/specification.md 4.1, staff.menu.
"""
