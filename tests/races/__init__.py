"""Two users at one instant, a thousand times: real presses and real browsers against running processes."""
