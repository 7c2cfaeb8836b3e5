"""`bot.py person`: what became of one person's requests, payments and messages; their data as a copy; their erasure."""
