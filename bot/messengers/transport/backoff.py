"""How long is waited after a failure before the next try."""


def backoff(first: float, failures: int, longest: float) -> float:
    """Seconds after so many failures in a row: `first` doubled with each of them, `longest` at most."""
    return float(min(longest, first * 2 ** min(failures, 30)))


def break_pause(attempt: int) -> float:
    """Seconds after the line broke in this attempt; the first attempt is 0."""
    return float(0.3 * 4**attempt)
