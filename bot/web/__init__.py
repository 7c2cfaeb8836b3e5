"""The web application on the bot's loop: pay pages, the gateway's return, webhooks, health, metrics."""
