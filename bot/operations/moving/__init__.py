"""`bot.py move`: a stopped SQLite bot to PostgreSQL, and documents from one store to another."""
