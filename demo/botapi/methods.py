"""What each method does, by its name. A method gets a `Call`, changes the state, and returns the `result`."""

from demo.botapi import methods_bot, methods_change, methods_send
from demo.botapi.call import METHODS, Call

__all__ = ["METHODS", "Call", "methods_bot", "methods_change", "methods_send"]
