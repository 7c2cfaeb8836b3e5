"""What people write to the bot itself, told apart from answers."""

import pytest

from bot.rules import recognised_words
from bot.rules.recognised_words import Intent, intent_of, is_misspelt, word_key

SAID = {
    Intent.GREETING: [
        "سلام", "سلام!", "سلاااام", "سلام 🌹", "درود", "درود بر شما", "سلام علیکم", "سلام وقت بخیر", "وقتتون بخیر",
        "صبح به‌خیر", "خسته نباشید", "سلام خسته نباشید", "سلام خوبید", "salam", "Hi", "سلام عرض ادب و احترام",
    ],
    Intent.HELP: [
        "راهنما", "راهنمایی", "راهنما لطفاً", "لطفا کمک کنید", "کمک", "کمک!", "کمکم کنید", "پشتیبانی", "پشتبانی", "پشتیباني",
        "شماره پشتیبانی", "بلد نیستم", "نمی‌دانم", "متوجه نشدم", "سؤال دارم", "چیکار کنم", "؟", "help", "ببخشید", "راهنمما",
    ],
    Intent.MENU: ["منو", "منوی اصلی", "صفحه اصلی", "شروع", "شروع مجدد", "از اول", "start", "خانه"],
    Intent.STOP: ["لغو", "لغوش کن", "انصراف", "انسراف", "کنسل", "توقف", "خروج", "بیخیال", "بی‌خیال", "نمی‌خواهم", "Cancel"],
    Intent.BACK: ["بازگشت", "برگشت", "برگرد", "باز گشت", "بازگشت به عقب", "مرحله قبل", "عقب", "بازگشث"],
    Intent.SKIP: ["رد کردن", "ردکردن", "رد کن", "رد می‌کنم", "بعدی", "سوال بعدی", "بدون پاسخ", "skip"],
    Intent.NONE: ["ندارم", "من ندارم", "هیچ‌کدام"],
    Intent.ACKNOWLEDGEMENT: ["ممنون", "مرسی", "متشکرم", "باشه", "چشم", "بله", "اوکی"],
    Intent.REFUSAL: ["نه", "خیر"],
    Intent.QUESTION: [
        "ببخشید آدرس محل کار یا خونه؟", "مدارک لازم چیه؟", "مدارک لازم چیه", "هزینه چقدره", "سلام، چطور ثبت‌نام کنم",
        "کد پستی هم لازمه?", "نام پدر یا پدربزرگ؟ 🤔", "لطفاً بفرمایید کجا باید بروم", "سلام من علی هستم", "کد پستی چی بنویسم", "چه مدارکی لازم است", "چند روز طول می‌کشد",
    ],
}  # fmt: skip
ANSWERS = [
    "علی", "سارا", "سلامی", "سلامت", "سلامتیان", "درودی", "راهنمایی فر", "خیرآبادی", "قربانی", "منوچهر", "لغوی", "خروجی",
    "شیراز، خیابان زند، کوچه ۱۲، پلاک ۳", "تهران، خیابان دروس، کوچه چهارم", "مهندسی پزشکی", "فناوری اطلاعات سلامت", "عزیز",
    "a@b.ir", "۰۹۱۲۳۴۵۶۷۸۹", "۱۳۶۵/۰۴/۱۲", "نخعی", "تمامی", "کمالی", "گرامی", "خانم‌گل", "", "🌹", "شهرک راهنمایی، پلاک ۴",
    "کوچه پشتیبانی، پلاک ۳", "بلوار بعثت، بعد از میدان، ساختمان خانه", "حتمی", "شریف", "سپاسی", "خیابان پنبه چی، کوچه دوم", "تهران، چند دستگاه، پلاک ۳", "صابون چی",
]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "intent"), [(text, intent) for intent, texts in SAID.items() for text in texts]
)
def test_words_to_the_bot(text: str, intent: Intent) -> None:
    assert intent_of(text) is intent


@pytest.mark.parametrize("text", ANSWERS)
def test_answers(text: str) -> None:
    assert intent_of(text) is None


@pytest.mark.parametrize(
    ("word", "key", "misspelt"),
    [
        ("راهنما", "راهنما", True),
        ("راهنم", "راهنما", True),
        ("راهنمای", "راهنما", True),
        ("راهنام", "راهنما", True),
        ("راهنیا", "راهنما", True),
        ("رانما", "راهنما", True),
        ("راه", "راهنما", False),
        ("سلامی", "سلام", False),
        ("نماراه", "راهنما", False),
        ("سلام", "سلام", True),
        ("abcde", "abcde", True),
        # Four letters must be right; five may have one wrong, in any place.
        ("abcx", "abcd", False),
        ("xbcde", "abcde", True),
        ("abxde", "abcde", True),
        ("abcdx", "abcde", True),
        ("xbxde", "abcde", False),
        ("abxdx", "abcde", False),
        # One too many, one missing: at the beginning, in the middle, at the end.
        ("xabcde", "abcde", True),
        ("abxcde", "abcde", True),
        ("abcdex", "abcde", True),
        ("bcde", "abcde", True),
        ("abde", "abcde", True),
        ("abcd", "abcde", True),
        ("abcdexy", "abcde", False),
        ("abc", "abcde", False),
        ("xabcdx", "abcde", False),
        ("acdx", "abcde", False),
        # Two neighbours that changed places, and nothing else.
        ("bacde", "abcde", True),
        ("abced", "abcde", True),
        ("bacdx", "abcde", False),
        ("cbade", "abcde", False),
        ("abdcx", "abcde", False),
    ],
)
def test_one_letter_may_be_wrong(word: str, key: str, misspelt: bool) -> None:
    assert is_misspelt(word, key) is misspelt


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        # Up to sixty letters a text may be a greeting or a phrase; to somebody is said what begins with «سلام».
        ("درو" + "و" * 56 + "د", Intent.GREETING),
        ("درو" + "و" * 57 + "د", Intent.HELP),
        ("کمک" + " لطفا" * 11 + " ع", None),
        ("کمک" + " لطفا" * 11, Intent.HELP),
        ("کمک" + " لطفا" * 12, None),
        # A question word alone says nothing; among two to twelve words it asks.
        ("چرا", None),
        ("چرا من", Intent.QUESTION),
        ("آیا " + "کلمه " * 11, Intent.QUESTION),
        ("کلمه " * 11 + "آیا", Intent.QUESTION),
        ("آیا " + "کلمه " * 12, None),
        # «چی» asks before what one asks about, not behind it, nor before anything else.
        ("کد چی بنویسم", Intent.QUESTION),
        ("کد بنویسم چی", None),
        ("کد چی شد", None),
        ("؟؟", Intent.HELP),
        ("🤔؟ 🤔", Intent.HELP),
        ("خیلی خوب؟", Intent.QUESTION),
        ("سلام علی", Intent.QUESTION),
        ("لطفا", Intent.HELP),
        ("لطفا آقا", Intent.QUESTION),
        ("صبح", None),
        ("صبح بخیر", Intent.GREETING),
        ("وقت وقت", None),
        ("خوبید", None),
        ("راهنما لطفا آقا", Intent.HELP),
        # Words of fewer than five letters must be right.
        ("سلاه", None),
        ("منوو", Intent.MENU),
        ("توقغ", None),
        ("بازگشتم", Intent.BACK),
        ("راهنماست", None),
        ("xازگشت", Intent.BACK),
    ],
)
def test_where_a_text_stops_to_be_words_to_the_bot(text: str, intent: Intent | None) -> None:
    assert intent_of(text) is intent


def test_words_that_were_compared_are_not_kept_without_end() -> None:
    """Everything that people write is compared; it must not stay in memory for ever."""
    kept = recognised_words._cached_key.cache_info
    assert kept().maxsize == 4096
    before = kept().currsize
    assert word_key("ط" * 12 + "ظ" * 12) == "طظ"
    assert kept().currsize == min(before + 1, 4096)
    assert word_key("ط" * 13 + "ظ" * 12) == "طظ"
    assert kept().currsize == min(before + 1, 4096)
