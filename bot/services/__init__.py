"""Use cases, one file a subject: plain functions over a session, inside one unit of work (DESIGN 5)."""
