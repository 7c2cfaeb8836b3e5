"""What breaks around the bot: disk, database, clock, messengers, gateways, the store. What people notice of it."""
