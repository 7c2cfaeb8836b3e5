"""The law, as pure functions: transition tables, who may do what, validators.

See docs/architecture.md, "State machines".
"""
