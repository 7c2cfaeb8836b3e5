"""One update, from its chat queue through python-telegram-bot to its answer: queues, handler, processor, router."""
