"""What the service does, without a single dialogue. (This package hides the start script bot.py: nothing imports that.)"""
