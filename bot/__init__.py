"""What the service is, without a single dialogue. (This package hides the module bot.py: nothing imports that.)"""
