"""`bot.py setup`: the questions of the first day, each answer tried at once; `.env`, the first staff account and the tariffs."""
