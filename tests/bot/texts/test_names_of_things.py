"""One name a thing: what the words of docs/glossary.md rule out, in every sentence that people read."""

import re

import pytest

from bot.texts import catalogue

#: A word that is not used → the one that is, and the sentences in which it means something else.
OUT_OF_USE = {
    "تعلیق": ("غیرفعال", ()),
    "سبب": ("دلیل", ()),
    "علت": ("دلیل", ()),
    "توسط": ("از سوی", ()),
    "مختومه": ("بسته", ()),
    "شماره تماس": ("تلفن ثابت", ()),
    "گفت‌وگوهای متصل": ("ورودهای فعال", ()),
    "در دست شما": ("نزد شما", ()),
    "رونوشت": ("کپی", ()),
    "رد کردن": ("بدون پاسخ", ("recognised.",)),
    "تازه": ("جدید", ("دوباره تازه",)),
    "روشن": ("فعال", ()),
    "خاموش": ("غیرفعال", ("فیلترشکن",)),
}
#: Beginnings of keys whose sentences officers read: their case is a «درخواست», their employer a «مرکز».
OFFICERS = re.compile(
    r"^(qual\.|fix\.|sentence\.|event_you\.|pay\.|centers\.|term\.|unfinished\.|resume\.|credentials\.|help\.officer"
    r"|push\.(N3|N4|N5|N6|N7|N8|N13|N16_officer|N17_officer|N18|N20_DEFICIENT|N20_AWAITING|N20_PENDING_OFFICER))"
)


def sentences(pattern: str) -> list[str]:
    return [key for key, text in catalogue().items() if re.search(pattern, text)]


@pytest.mark.parametrize("word", OUT_OF_USE)
def test_a_word_out_of_use_is_in_no_sentence(word: str) -> None:
    instead, elsewhere = OUT_OF_USE[word]
    found = {
        key: catalogue()[key]
        for key in sentences(rf"(?<![\w‌]){word}(?![\w‌])")
        if not any(mark in catalogue()[key] or key.startswith(mark) for mark in elsewhere)
    }
    assert not found, f"«{instead}» is the word"


@pytest.mark.parametrize("word", ["پرونده", "توزیع‌کننده"])
def test_officers_read_of_their_request_and_of_a_centre(word: str) -> None:
    assert [key for key in sentences(rf"(?<!\w){word}") if OFFICERS.match(key)] == []


def test_text_is_written_and_files_are_sent() -> None:
    """«بفرستید» is for files, messages and shared numbers."""
    sent = {key for key in sentences("بفرستید") if key.startswith("ask.")}
    assert [key for key in sent if not re.search("عکس|فایل|پیوست|دکمه|مدرک|علامت", catalogue()[key])] == []
