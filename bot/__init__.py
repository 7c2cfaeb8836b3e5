"""The service: rules, use cases, messengers, documents, web. No dialogues, no handlers.

This package hides the module bot.py on import, so nothing imports bot.py.
"""
