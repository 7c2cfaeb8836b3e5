"""Clients of the payment gateways and the SMS providers (docs/gateways.md 1, 2)."""
