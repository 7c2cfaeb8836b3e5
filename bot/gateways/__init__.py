"""Clients of other people's servers: the payment gateways and the SMS providers (GATEWAYS 1, 2)."""
