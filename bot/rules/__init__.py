"""The law, as pure functions: transition tables, who may do what, validators (DESIGN 5)."""
