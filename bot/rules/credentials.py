"""User code and password in one message, in any order, on one line or several: recognised by their shape.
Pure."""

import re

from bot.security.passwords import normal

#: Letters of a message that may be one; what is longer is read as something else.
LONGEST = 400
#: A system-made user code, or the national code that many take for it.
_CODE = re.compile(r"\d{8,10}")
#: What people write before each of them.
_LABELS = frozenset(
    [
        "کد",
        "کاربری",
        "کاربر",
        "نام",
        "رمز",
        "عبور",
        "پسورد",
        "گذرواژه",
        "یوزر",
        "ورود",
        "من",
        "و",
        "است",
        "ملی",
        "code",
        "user",
        "username",
        "user_code",
        "pass",
        "password",
        "login",
        "and",
        "is",
        "my",
    ]
)
_AROUND = ":،,;؛/|=-–—_.«»\"'()"
_GLUED = re.compile(r"^(\d{8,10})[:،,;؛/|=\-–—_]+(\S+)$|^(\S+?)[:،,;؛/|=\-–—_]+(\d{8,10})$")
_PERSIAN_WORD = re.compile("[\u0600-\u06ff\u200c]+")
#: Letters of the shortest password that moved in.
_SHORTEST = 4


def pairs(text: str) -> list[tuple[str, str]]:
    """What may be (user code, password), the likeliest first; none where the text holds one word besides its
    labels."""
    words = _words(text)
    if len(words) == 1 and (glued := _GLUED.match(words[0])) is not None:
        first, after, before, last = glued.groups()
        return [(first, after)] if first else [(last, before)]
    if len(words) < 2:
        return []
    coded = [at for at, word in enumerate(words) if _CODE.fullmatch(word.strip(_AROUND))]
    parts = []
    for at in [*coded, 0, len(words) - 1]:
        rest = " ".join(words[:at] + words[at + 1 :])
        pair = (words[at].strip(_AROUND), rest)
        if pair[0] and pair not in parts:
            parts.append(pair)
    return parts[:2]


def code_alone(text: str) -> str | None:
    """The one word besides labels («کد کاربری: ۱۲۳۴۵۶۷۸»); None where there are more or none."""
    words = _words(text)
    return words[0].strip(_AROUND) if len(words) == 1 and _GLUED.match(words[0]) is None else None


def are_in(text: str) -> bool:
    """Whether an unexpected message holds a code and, beside it, what looks like a password."""
    for code, password in pairs(text):
        if not _CODE.fullmatch(code) or len(password) < _SHORTEST:
            continue
        words = password.split()
        if len(words) == 1 or not all(_PERSIAN_WORD.fullmatch(word.strip(_AROUND)) for word in words):
            return True
    return False


def words_of(text: str) -> list[str]:
    """The words that may be a user code of the old system, which may be any word; none where the text is a
    sentence."""
    words = [word.strip(_AROUND) for word in _words(text)]
    return [word for word in words if word] if 2 <= len(words) <= 3 else []


def without_code(text: str, code: str) -> str | None:
    """The password of a message that repeats the user code before or after it; None where it does not."""
    password_alone = next(
        (password for user_code, password in pairs(text) if user_code == normal(code)), None
    )
    return password_alone or None


def _words(text: str) -> list[str]:
    if len(text) > LONGEST:
        return []
    words = normal(text).split()
    if words and words[0].startswith("/"):
        words = words[1:]
    return [word for word in words if word.strip(_AROUND).lower() not in _LABELS and word.strip(_AROUND)]
