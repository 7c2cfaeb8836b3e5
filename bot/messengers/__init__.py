"""Telegram and Bale: intake, processing and delivery of messages, and the HTTP clients below them."""
