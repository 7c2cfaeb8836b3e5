"""`bot.py probe`: what we rely on, tried against the real messenger, gateway or SMS provider; what came beside what is expected."""
