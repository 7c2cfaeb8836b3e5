"""The demo: emulated messengers, bank and SMS provider, users, a browser page. It speaks HTTP to the bot."""
