"""The town around the bot: emulated messengers, bank and SMS, its people, and the browser page. HTTP only."""
