"""Delivery: screens, files and pushes, sent after the commit within each messenger's rate limits."""
