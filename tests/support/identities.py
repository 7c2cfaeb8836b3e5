"""Synthetic people: national codes with a right checksum that begin with 999, which no registry office gives out."""

from itertools import count

_numbers = count(1)


def national_code(number: int) -> str:
    """A valid code from a number of up to six digits."""
    body = f"999{number:06}"
    rest = sum(int(digit) * (10 - place) for place, digit in enumerate(body)) % 11
    return body + str(rest if rest < 2 else 11 - rest)


def next_national_code() -> str:
    return national_code(next(_numbers))


def next_mobile() -> str:
    """0990…, counted up."""
    return f"0990{next(_numbers):07}"
