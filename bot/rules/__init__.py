"""The rules as pure functions: transition tables, permitted actions, validators.

See docs/architecture.md, "State machines".
"""
