"""Use cases, one package a subject: plain functions over a session, inside one unit of work.

See docs/architecture.md, "Packages".
"""
