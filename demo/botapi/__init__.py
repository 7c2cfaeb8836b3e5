"""The Bot API as Telegram and Bale serve it: state, checks and methods, without the HTTP server."""
