"""Which of several entries a text asks for, by the words that each is found by. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from bot.rules.recognised_words import is_misspelt, word_key, words_of

#: Letters from which on a word is also known by its beginning («مدارک» in «مدارکم»).
BEGINNING = 3
#: Words that say nothing of the subject.
_SMALL = (
    "و یا به از در را رو که با بر برای تا این آن چه چی چیه چیست چقدر چقدره چطور چطوری چگونه کی چرا آیا است هست هستم من ما "
    "شما لطفا سلام ببخشید باید می میشه میشود شود شد کنم کنید کرد کردن دارم دارد دارید ندارم لازم یک یه هم اگر بررسی درخواست درخواستم"
)  # fmt: skip
_LONGEST = 300


def best_matches(text: str, entries: Mapping[str, str], *, most: int = 4) -> list[str]:
    """Keys of the entries that share most with `text`, none where nothing is shared. A word that several entries have
    counts less than one of a single entry."""
    small = {word_key(word) for word in _SMALL.split()}
    asked = [word for word in words_of(text[:_LONGEST]) if word not in small]
    known = {key: [word for word in words_of(words) if word not in small] for key, words in entries.items()}
    scores = dict.fromkeys(entries, 0.0)
    for word in asked:
        having = {
            key: fit
            for key, words in known.items()
            if (fit := max((_fit(word, own) for own in words), default=0))
        }
        for key, fit in having.items():
            scores[key] += fit / len(having)
    best = max(scores.values(), default=0.0)
    return [key for key in entries if scores[key] == best][:most] if best else []


def _fit(word: str, own: str) -> float:
    """How well a written word is one of an entry's: 1 the same, less where it is bent or misspelt, else 0."""
    if word == own:
        return 1.0
    if len(own) >= BEGINNING and word.startswith(own) and len(word) - len(own) <= 3:
        return 0.9
    return 0.8 if is_misspelt(word, own) else 0.0
