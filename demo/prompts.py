"""Answers that a visitor may give with one tap, chosen by what the bot just asked."""

from __future__ import annotations

import re
from dataclasses import dataclass

from demo.sample_documents import SAMPLE_DOCUMENTS
from demo.seen import Seen, plain


@dataclass(slots=True)
class Identity:
    """Who a person pretends to be: synthetic, with a right checksum, and no real person's."""

    first_name: str
    last_name: str
    national_code: str
    mobile: str
    birth_date: str = "۱۳۶۵/۰۴/۱۲"
    father: str = "علی"
    certificate: str = "۱۲۳۴"
    field: str = "مهندسی پزشکی"
    province: str = "فارس"
    city: str = "شیراز"
    address: str = "شیراز، خیابان زند، کوچه ۱۲، پلاک ۳"
    phone: str = "۰۷۱۳۲۱۲۳۴۵۶"
    email: str = "officer@example.com"
    #: Learned from the chat, or given by the one who created the account.
    user_code: str = ""
    password: str = ""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A text to send, a sample document (its code) to send, or a login."""

    label: str
    text: str | None = None
    document: str | None = None
    #: Instead of an answer: log in with the known code and password.
    login: bool = False


def national_code(number: int) -> str:
    """A valid code from a number of up to six digits; no registry office gives out 999."""
    body = f"999{number % 1_000_000:06}"
    rest = sum(int(digit) * (10 - place) for place, digit in enumerate(body)) % 11
    return body + str(rest if rest < 2 else 11 - rest)


def to_persian(text: str) -> str:
    return text.translate(str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹"))


#: Words of a prompt → the fact of an Identity that answers it. The first that fits wins.
_FACTS = (
    ("کد ملی ۱۰ رقمی", "national_code"),
    ("تاریخ تولد خود", "birth_date"),
    ("نام خانوادگی خود", "last_name"),
    ("نام خود را", "first_name"),
    ("نام پدر خود را", "father"),
    ("نام رشته", "field"),
    ("شماره همراه خود", "mobile"),
    ("شماره شناسنامه خود", "certificate"),
    ("استان محل زندگی خود", "province"),
    ("نام شهر", "city"),
    ("آدرس محل زندگی خود را کامل", "address"),
    ("تلفن ثابت را", "phone"),
    ("ایمیل خود", "email"),
    ("کد کاربری خود را", "user_code"),
    ("رمز عبور خود را", "password"),
)
#: What to answer where the first answer was found deficient.
_OTHERS = {
    "birth_date": "۱۳۶۵/۰۴/۱۳",
    "last_name": "کریمی",
    "first_name": "سارا سادات",
    "father": "محمدعلی",
    "field": "مهندسی برق",
    "certificate": "۵۶۷۸",
    "address": "شیراز، بلوار چمران، کوچه ۷، پلاک ۱۴، واحد ۲",
    "phone": "۰۷۱۳۶۲۷۰۰۰۰",
    "email": "officer.two@example.com",
}
_SENTENCES = (
    ("دلیل رد", "اطلاعات با مدارک همخوانی ندارد."),
    ("موارد ناقص", "تصویر مدرک خوانا نیست."),
    ("توضیح", "اصلاح شد؛ لطفاً بررسی فرمایید."),
    ("دلیل", "به درخواست متقاضی."),
)
_ASKED_PAPER = re.compile("«([^»]+)» را")
#: What the bot names as an example is no present value.
_EXAMPLE = re.compile(r"مانند:? (?:«[^»]*»|[^.؛\n]*)")
_CODE = re.compile(r"کد کاربری:\s*(\d{8})")
_PASSWORD = re.compile(r"رمز عبور(?: جدید)?:\s*([0-9A-Za-z]{8,})")


def suggest(identity: Identity, screen: Seen) -> list[Suggestion]:
    """What would answer this message of the bot; nothing where buttons do."""
    prompt = screen.text
    asked = _ASKED_PAPER.search(prompt) if "📎" in prompt else None
    if asked is not None:
        document = "national_card_back" if "📎 پشت «" in prompt else sample_for(asked[1])
        return [Suggestion(SAMPLE_DOCUMENTS[document].name, document=document)]
    if any(key.asks_contact for row in screen.keyboard for key in row):
        return []
    for words, fact in _FACTS:
        if words in prompt:
            value = str(getattr(identity, fact))
            if value in _EXAMPLE.sub("", prompt):  # the bot showed it as the present value and wants another
                value = _OTHERS.get(fact, "")
            return [Suggestion(value, text=value)] if value else []
    for words, sentence in _SENTENCES:
        if words in prompt and not screen.buttons:
            return [Suggestion(sentence, text=sentence)]
    if not screen.labels and not screen.keyboard and not prompt:
        return [Suggestion("/start", text="/start")]
    return []


def sample_for(name: str) -> str:
    """The sample document meant by a document's name."""
    for code, document in SAMPLE_DOCUMENTS.items():
        if document.name in name or name in document.name:
            return code
    words = set(name.split())
    return max(SAMPLE_DOCUMENTS, key=lambda code: len(words & set(SAMPLE_DOCUMENTS[code].name.split())))


def learn(identity: Identity, text: str) -> bool:
    """Keep the user code and password that the bot showed. True where something was learned."""
    text = plain(text)
    code, password = _CODE.search(text), _PASSWORD.search(text)
    if code is not None:
        identity.user_code = code[1]
    if password is not None:
        identity.password = password[1]
    return code is not None or password is not None
