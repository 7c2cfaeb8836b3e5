"""What people write to the bot itself where it waits for something else: greetings, commands in words, questions. Pure.

A form must not store «سلام» as a first name, and «کمک» on the menu is no riddle. Recognised is a whole text, never a part
of one: with its kin («لغو»، «کنسل»), its usual misspellings, letters that were drawn out, and words of courtesy around.
"""

from __future__ import annotations

import itertools
import re
from enum import StrEnum
from functools import cache, lru_cache

from bot.rules.validators import ZWNJ, normalise, search_key

#: Letters of a text that may be anything but a question.
LONGEST = 60
#: Letters from which on a word may have one letter wrong.
MISSPELT = 5
#: Words whose keys are kept: those that many people write stay among them, names and answers fall out.
CACHED_WORDS = 4096
#: Letters of the longest word that is kept.
LONGEST_CACHED = 24


class Intent(StrEnum):
    """What is wanted."""

    GREETING = "greeting"
    #: Thanks, «باشه», «بله» where nothing was asked.
    ACKNOWLEDGEMENT = "acknowledgement"
    REFUSAL = "refusal"
    HELP = "help"
    MENU = "menu"
    STOP = "stop"
    BACK = "back"
    SKIP = "skip"
    #: «ندارم».
    NONE = "none"
    #: A question, or a sentence that begins as one says something to somebody.
    QUESTION = "question"


_PHRASES: dict[Intent, str] = {
    Intent.ACKNOWLEDGEMENT: """
        ممنون | ممنونم | ممنون از شما | مرسی | متشکرم | متشکر | مچکرم | تشکر | سپاس | سپاسگزارم | سپاسگزار | دستتون درد نکنه
        دست شما درد نکند | دمت گرم | باشه | باشد | اوکی | اوکیه | اکی | چشم | حتما | بله | بلی | آره | اره | ok | okay | yes
        thanks | thank you | خدا قوت | قربان شما | زنده باشید | خداحافظ | خدانگهدار | فعلا""",
    Intent.REFUSAL: "نه | خیر | نخیر | no | نه نه",
    Intent.HELP: """
        راهنما | راهنمای | راهنمایی | راهنمائی | راهنمایی کنید | راهنماییم کنید | منو راهنمایی کنید | راهنمای سامانه | راهنمای ربات
        کمک | کمکم کن | کمکم کنید | کمک کنید | کمک کن | کمک لازم دارم | کمک میخوام | کمک میخواهم | به کمک نیاز دارم | هلپ | help
        پشتیبانی | پشتیبان | تماس | تماس با ما | تماس با پشتیبانی | ارتباط | ارتباط با ما | ارتباط با پشتیبانی | شماره تماس
        شماره پشتیبانی | تلفن پشتیبانی | شماره تلفن پشتیبانی | تلفن تماس | اپراتور | ادمین | مسئول سایت | support | admin | مشاوره
        سوال | سوال دارم | یک سوال دارم | یه سوال دارم | سوالی دارم | پرسش | پرسش دارم | سوالات متداول | پرسش های متداول | آموزش
        دستورالعمل | بلد نیستم | نمیدونم | نمیدانم | نمی دونم | نمی دانم | متوجه نشدم | متوجه نمیشم | نفهمیدم | نمیفهمم
        چیکار کنم | چکار کنم | چه کار کنم | چه کنم | چی کار کنم | چی بنویسم | چه بنویسم | گیر کردم | مشکل دارم | یعنی چی | یعنی چه""",
    Intent.MENU: """
        منو | منوی اصلی | منو اصلی | فهرست | فهرست اصلی | خانه | صفحه اصلی | صفحه اول | شروع | شروع کن | شروع کنیم | شروع مجدد
        از اول | از نو | دوباره شروع | استارت | start | menu | home | برگشت به منو | بازگشت به منو | بازگشت به منوی اصلی | ربات
        برگرد به منو | برو به منو | برو منو | restart | ریست""",
    Intent.STOP: """
        لغو | لغوش کن | لغو شود | لغو کن | لغو کنید | انصراف | انصراف میدهم | انصراف میدم | انسراف | کنسل | کنسلش کن | کنسل کن
        توقف | متوقف | متوقف کن | خروج | خارج | خارج شو | بیخیال | بی خیال | ولش کن | ولش | cancel | stop | exit | quit | بسه
        بس است | پایان | تمام | تمامش کن | نمیخوام | نمیخواهم | نمی خوام | نمی خواهم | منصرف شدم | پشیمان شدم | ادامه نمیدهم
        ادامه نمیدم | بعدا | بعدا ادامه میدم | بعدا ادامه میدهم | الان نه | الان نمیتونم""",
    Intent.BACK: """
        بازگشت | باز گشت | برگشت | برگرد | برگردم | برگشتن | برگردید | برگردان | بازگشت به قبل | بازگشت به عقب | برگرد عقب | عقب
        برو عقب | قبلی | قبل | مرحله قبل | مرحله قبلی | صفحه قبل | صفحه قبلی | سوال قبل | سوال قبلی | پرسش قبل | پرسش قبلی | back
        یک مرحله قبل | یه مرحله قبل""",
    Intent.SKIP: """
        رد کردن | رد کن | رد کنید | رد میکنم | ردش کن | رد | رد شو | رد شدن | بعدی | سوال بعد | سوال بعدی | پرسش بعد | پرسش بعدی
        مرحله بعد | مرحله بعدی | عبور | عبور کن | بگذر | بگذریم | skip | next | بدون پاسخ | نیاز نیست
        لازم نیست | ادامه | ادامه بده""",
    Intent.NONE: "ندارم | نداریم | ندارد | هیچی | هیچ | هیچ کدام | من ندارم | چیزی ندارم",
}  # fmt: skip
#: A greeting is made of these words, and has at least one of the first kind.
_GREETS = (
    "سلام سلامم درود دروود بخیر به‌خیر خیر خداقوت نباشید نباشین نباشی hi hello hey salam slm سلامی سلامتی"
)
_GREETS_ALONE = "سلام سلامم درود دروود hi hello hey salam slm الو سلامون"
_WITH_GREETINGS = (
    "علیک علیکم و وقت وقتتون وقتتان صبح صبحتون صبحتان روز روزتون روزتان عصر عصرتون عصرتان شب شبتون شبتان ظهر ظهرتون ظهرتان ب "
    "به خسته خوبی خوبید خوبین خوب هستید هستین شما حال حالتون چطوره عرض ادب احترام با بر دوست دوستان عزیز جناب آقا آقای خانم "
    "سرکار همکار همکاران گرامی محترم ربات جان بات ها مجدد دوباره شریف علیکمو"
)
#: Words of courtesy that change nothing.
_COURTESY = "لطفا لطفن لطف خواهشا خواهشمندم بیزحمت ببخشید ببخشین پلیز please من رو را آقا خانم دوست عزیز جان"
_ASKING = (
    "چیه چیست چیا چقدره چقدر چقد چنده چطور چطوری چجوری چگونه چرا کجاست کجا آیا کدوم کدام چطوره چیکار چکار "
    "میخواستم میخوام میخواستم")  # fmt: skip
_WHAT, _WHAT_ABOUT = (
    "چی چه چند",
    "بنویسم بنویسیم باید هست است میشه میشود مدرکی مدارکی رشته مقطعی رشتهای روز روزه ماه هفته تومان تومن ریال ساعت کار کاری بفرستم "
    "بزنم لازم لازمه نیاز شرایطی زمانی موقع وقت",
)
#: With these begins what is said to somebody.
_ADDRESSING = "سلام درود ببخشید ببخشین لطفا salam hello hi"
_QUESTION_MARK = re.compile(r"[?؟]+[\s!.،…)]*$")
_SEPARATORS = re.compile(rf"[^\w{ZWNJ}]+|_")
_RUN = re.compile(r"(.)\1+")


def intent_of(text: str) -> Intent | None:
    """What is wanted of the bot with this text, None where it is an answer or nothing that is known."""
    line = normalise(text)
    if not line:
        return None
    words = words_of(line)
    if len(line) <= LONGEST:
        if _is_greeting(words):
            return Intent.GREETING
        known = _phrase([word for word in words if word not in _keys(_COURTESY)] or words)
        if known is not None:
            return known
    if _QUESTION_MARK.search(_without_pictures(line)):
        return Intent.QUESTION if words else Intent.HELP
    if len(words) > 1 and words[0] in _keys(_ADDRESSING):
        return Intent.QUESTION
    if 1 < len(words) <= 12 and (any(word in _keys(_ASKING) for word in words) or _asks_what(words)):
        return Intent.QUESTION
    return Intent.HELP if words and all(word in _keys(_ADDRESSING) for word in words) else None


def words_of(text: str) -> list[str]:
    """The words of a text as they are compared: one spelling, no half-spaces, drawn-out letters once."""
    parts = _SEPARATORS.split(normalise(text).replace(ZWNJ, ""))
    return [key for part in parts if (key := word_key(part))]


@lru_cache(maxsize=CACHED_WORDS)
def _cached_key(word: str) -> str:
    return _RUN.sub(r"\1", search_key(word))


def word_key(word: str) -> str:
    """One word as it is compared («سلاااام» and «سلام» are one)."""
    return _cached_key(word) if len(word) <= LONGEST_CACHED else _RUN.sub(r"\1", search_key(word))


def is_misspelt(word: str, key: str) -> bool:
    """Whether `word` is `key` with one letter wrong, too many, missing, or two that changed places."""
    if len(key) < MISSPELT or abs(len(word) - len(key)) > 1 or word == key:
        return word == key
    at = next((i for i, (one, other) in enumerate(zip(word, key, strict=False)) if one != other), None)
    if at is None:
        return True
    rest, wanted = word[at:], key[at:]
    swapped = len(rest) > 1 and len(rest) == len(wanted) and rest[1::-1] + rest[2:] == wanted
    return rest[1:] == wanted[1:] or rest[1:] == wanted or rest == wanted[1:] or swapped


@cache
def _keys(words: str) -> frozenset[str]:
    return frozenset(word_key(word) for word in words.split())


@cache
def _phrases() -> dict[str, Intent]:
    """Every phrase without its spaces: people leave them out, or write them for half-spaces."""
    known: dict[str, Intent] = {}
    for intent, phrases in _PHRASES.items():
        for phrase in re.split(r"[|\n]", phrases):
            if key := "".join(words_of(phrase)):
                known.setdefault(_RUN.sub(r"\1", key), intent)
    return known


def _phrase(words: list[str]) -> Intent | None:
    written = _RUN.sub(r"\1", "".join(words))
    known = _phrases()
    if written in known:
        return known[written]
    if len(written) < MISSPELT:
        return None
    by_ends = _phrases_by_ends()
    alike = [*by_ends.get(("", written[:2]), ()), *by_ends.get((written[-2:], ""), ())]
    misspelt = [place for place, key in alike if is_misspelt(written, key)]
    return list(known.values())[min(misspelt)] if misspelt else None


@cache
def _phrases_by_ends() -> dict[tuple[str, str], list[tuple[int, str]]]:
    """With their places, by how they end and by how they begin: one wrong letter leaves either as it is. Comparing with all
    took a twentieth of a step."""
    by_ends: dict[tuple[str, str], list[tuple[int, str]]] = {}
    for place, key in enumerate(_phrases()):
        if len(key) >= MISSPELT:
            by_ends.setdefault(("", key[:2]), []).append((place, key))
            by_ends.setdefault((key[-2:], ""), []).append((place, key))
    return by_ends


def _is_greeting(words: list[str]) -> bool:
    greets, alone, others = _keys(_GREETS), _keys(_GREETS_ALONE), _keys(_WITH_GREETINGS)
    if not all(word in greets or word in alone or word in others for word in words):
        return False
    return any(word in alone for word in words) or (len(words) > 1 and any(word in greets for word in words))


def _asks_what(words: list[str]) -> bool:
    """«چی بنویسم»، «چه مدرکی لازم است», «چند روز طول می‌کشد»; not «پنبه چی», «چهارصد دستگاه»."""
    what, about = _keys(_WHAT), _keys(_WHAT_ABOUT)
    return any(word in what and after in about for word, after in itertools.pairwise(words))


def _without_pictures(line: str) -> str:
    """Without the emoji at its end."""
    return re.sub(r"[^\w\s?؟!.،…)]+$", "", line)
