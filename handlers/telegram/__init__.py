"""One update, from python-telegram-bot to its answer: the handler of conversations, the processor, the router."""
