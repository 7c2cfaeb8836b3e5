"""The service: rules, use cases, messengers, documents, web, command line. No dialogues, no handlers.

This package hides the start script bot.py on import, so nothing imports bot.py.
"""
