"""python-telegram-bot handlers: commands, buttons, dialogues."""
