"""Our own web server: pay pages, the gateway's return, the messengers' webhooks, health (Starlette on the bot's loop)."""
