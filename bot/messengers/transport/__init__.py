"""HTTP clients of Telegram and Bale: Bots, translation of Bale's requests and answers, rate limits."""
