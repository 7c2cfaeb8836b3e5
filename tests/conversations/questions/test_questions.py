"""The kinds of question, each as a person meets it."""

from __future__ import annotations

from typing import Any

import pytest
from sqlmodel import Session

from bot.core.context import Turn
from bot.core.screens import MAX_LABEL, Press, Reply
from conversations.engine.declaration import Answers, Dialogue, Step
from conversations.engine.engine import Engine
from conversations.engine.steps import Question
from conversations.questions import (
    Address,
    BirthCertNo,
    Choice,
    Confirm,
    Documents,
    Email,
    GuildId,
    JalaliDate,
    LegalId,
    Mobile,
    NationalCode,
    Phone,
    Search,
    Text,
    Ticks,
)
from conversations.questions.text import TextQuestion
from storage.tables import Account, StoredFile
from tests.support.dialogue_driver import Person, new_account

PROVINCES = [
    (name, f"استان {name}")
    for name in ["آلفا", "بتا", "گاما", "دلتا", "تهران", "فارس", "یزد", "قم", "البرز", "مرکزی"]
]


class Asked:
    """One question in a dialogue of its own."""

    def __init__(self, db: Session, question: Question, **options: Any) -> None:
        self.values: list[Any] = []
        guest = options.pop("guest", False)
        account = None if guest else options.pop("account", None) or new_account(db)

        def finish(turn: Turn, answers: dict[str, Any]) -> Reply:
            self.values.append(answers["x"])
            return Reply(goto=Press("done"))

        ask = Step("x", question, prompt="چه؟", label="مورد", **options)
        self.person = Person(db, Engine([Dialogue("one", (ask,), finish)]), account).starts("one")

    @property
    def value(self) -> Any:
        assert self.person.went == Press("done"), self.person.text
        return self.values[-1]


def test_a_line_that_reads_nothing_is_found_before_anybody_types() -> None:
    """Dialogues are made when the bot starts."""

    class Mute(TextQuestion):
        """Says nothing of how it reads what is typed."""

    with pytest.raises(TypeError, match="parse"):
        Mute()  # type: ignore[abstract]


@pytest.mark.parametrize(
    ("question", "typed", "value"),
    [
        (NationalCode(), "۹۹۹۱۲۳۴۵۶۱", "9991234561"),
        (LegalId(), "۱۴۰۰۹۹۹۹۹۹۵", "14009999995"),
        (GuildId(), "۱۲۳۴۵", "12345"),
        (JalaliDate(), "۱۳۶۵/۰۴/۱۲", "1986-07-03"),
        (Phone(), "۰۷۱۳۲۱۲۳۴۵۶", "07132123456"),
        (Email(), "A@B.ir", "a@b.ir"),
        (Address(), "شیراز، خیابان زند", "شیراز، خیابان زند"),
        (BirthCertNo(), "1", "1"),
        (Text(2, 9), "  سلام  ", "سلام"),
        (Mobile(), "0912 345 6789", {"number": "+989123456789", "verified": False}),
    ],
    ids=lambda one: type(one).__name__ if isinstance(one, Question) else "",
)
def test_one_line(db: Session, question: Question, typed: str, value: Any) -> None:
    asked = Asked(db, question)
    asked.person.types(typed)
    assert asked.value == value


def test_how_answers_are_shown(db: Session) -> None:
    turn, ask = None, Step("x", Text())
    show = lambda question, value: question.format_answer(turn, ask, value)  # noqa: E731
    assert show(JalaliDate(), "1986-07-03") == "۱۳۶۵/۰۴/۱۲"
    assert show(NationalCode(), "9991234561") == "۹۹۹۱۲۳۴۵۶۱"
    assert show(Phone(), "") == "ندارد"
    assert show(Mobile(), {"number": "+989123456789", "verified": True}) == "۰۹۱۲۳۴۵۶۷۸۹"
    assert show(Mobile(), {"number": "+989123456789", "verified": False}) == "۰۹۱۲۳۴۵۶۷۸۹ (تأییدنشده)"
    assert show(Documents("x", "مدرک"), [1, 2]) == "۲ فایل"
    assert show(Confirm(), False) == "خیر"


def test_the_mobile_by_the_contact_button(db: Session) -> None:
    asked = Asked(db, Mobile())
    assert asked.person.screen.ask_contact == "📱 ارسال شماره همراه"
    asked.person.shares("989121112233", own=False).sees("شماره خودتان")
    asked.person.types("123").sees("۱۱ رقم").shares("989121112233")
    assert asked.value == {"number": "+989121112233", "verified": True}


def test_a_mobile_that_must_be_proved(db: Session) -> None:
    asked = Asked(db, Mobile(typed=False))
    asked.person.types("09121112233").sees("شماره خودتان").shares("+98 912 111 2233")
    assert asked.value["verified"] is True


def test_the_number_of_the_birth_certificate_may_be_the_national_code(db: Session) -> None:
    asked = Asked(db, BirthCertNo(), account=new_account(db, national_code="0499370899"))
    asked.person.taps("برابر با کد ملی")
    assert asked.value == "0499370899"
    nameless = Asked(db, BirthCertNo(), account=new_account(db, national_code=None))
    assert nameless.person.labels == ["انصراف"]


def test_no_landline(db: Session) -> None:
    asked = Asked(db, Phone())
    asked.person.types("تلفن ثابت ندارم")
    assert asked.value == ""


def test_provinces_in_pages(db: Session) -> None:
    asked = Asked(db, Choice(PROVINCES, columns=2, page=4))
    asked.person.sees("استان آلفا", "بعدی").sees_not("استان تهران", "قبلی")
    old = asked.person.button("استان آلفا")
    asked.person.taps("بعدی").sees("استان تهران", "قبلی").taps("بعدی").sees("استان مرکزی").sees_not("بعدی")
    asked.person.presses(old).sees("دیگر معتبر نیست", "استان مرکزی")
    asked.person.taps("قبلی").types("۱")
    assert asked.value == "تهران"


def test_an_option_of_another_page_can_be_typed(db: Session) -> None:
    asked = Asked(db, Choice(PROVINCES, page=4))
    asked.person.types("اُستان مرکزي")
    assert asked.value == "مرکزی"


def test_options_that_went_away(db: Session) -> None:
    options = list(PROVINCES)
    asked = Asked(db, Choice(lambda turn, answers: options))
    button, other = asked.person.button("استان فارس"), asked.person.button("استان قم")
    options[:] = [("قم", "استان قم"), *(one for one in PROVINCES[::-1] if one[0] not in ("فارس", "قم"))]
    asked.person.presses(button).sees("دیگر معتبر نیست")
    asked.person.presses(other)
    assert asked.value == "قم"


def test_search(db: Session) -> None:
    cities = [(f"c{n}", f"شهر شماره {n}") for n in range(12)] + [("s", "شیراز"), ("k", "کریم‌آباد")]
    asked = Asked(db, Search(cities, page=5, missing="error.city_not_in_list"))
    asked.person.sees("چه؟").types("پاریس").sees("نزدیک‌ترین شهر")
    asked.person.types("شماره").sees("۱۲ مورد", "شهر شماره 0", "بعدی").sees_not("شهر شماره 5")
    asked.person.taps("بعدی").sees("شهر شماره 5", "قبلی").types("!!").sees("نزدیک‌ترین شهر", "شهر شماره 5")
    asked.person.types("كريم اباد")
    assert asked.value == "k"


def test_a_match_is_tapped_or_numbered(db: Session) -> None:
    names = [("a", "مهندسی پزشکی"), ("b", "پزشکی"), ("c", "فیزیک پزشکی")]
    asked = Asked(db, Search(names))
    asked.person.types("پزشک").types("۱")
    assert asked.value == "b", "what begins with the words comes first"
    asked = Asked(db, Search(names))
    asked.person.types("پزشک").taps("فیزیک پزشکی")
    assert asked.value == "c"
    asked = Asked(db, Search(names))
    asked.person.types("پزشکی")
    assert asked.value == "b", "the whole name is taken at once"


def test_ticks(db: Session) -> None:
    items = [("father_name", "نام پدر"), ("doc.card", "کارت ملی"), ("city", "شهر")]
    asked = Asked(db, Ticks(items, send="defects.send"))
    send = asked.person.labels[-2]
    asked.person.taps(send).sees("یکی از گزینه‌ها")
    asked.person.taps("شهر").sees("☑️ شهر", "▫️ نام پدر", "انتخاب‌شده: ۱").taps("شهر").sees_not("☑️")
    asked.person.types("۲").sees("☑️ کارت ملی").taps("نام پدر").types("ناخواناست").sees("│ ناخواناست")
    asked.person.types("کم").sees("کامل‌تر بنویسید", "│ ناخواناست").taps(send)
    assert asked.value == {"items": ["father_name", "doc.card"], "note": "ناخواناست"}
    noted = Asked(db, Ticks(items))
    noted.person.types("فقط توضیح").taps("حذف توضیح").sees_not("فقط توضیح").types("فقط توضیح").taps("ادامه")
    assert noted.value == {"items": [], "note": "فقط توضیح"}
    nothing = Asked(db, Ticks(items, note=False, empty=None))
    nothing.person.types("سلام دوست من").sees("یکی از گزینه‌ها").taps("ادامه")
    assert nothing.value == {"items": [], "note": None}


def test_yes_or_no(db: Session) -> None:
    asked = Asked(db, Confirm())
    asked.person.types("خیر")
    assert asked.value is False


def test_text_that_is_too_short_or_too_long(db: Session) -> None:
    asked = Asked(db, Text(5, 10, short="error.short_reason"))
    asked.person.types("کم").sees("دلیل را کامل‌تر").types("ی" * 11).sees("حداکثر ۱۰ حرف").types("یک‌دوسه")
    assert asked.value == "یک‌دوسه"


# ── papers ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def papers(db: Session, **options: Any) -> Asked:
    return Asked(db, Documents("national_card", "تصویر کارت ملی", short_name="کارت ملی"), **options)


def of(db: Session, asked: Asked) -> list[int]:
    return list(asked.person.answers.get("x") or [])


def test_a_paper_belongs_to_who_sent_it(db: Session) -> None:
    asked = papers(db)
    asked.person.uploads("a.pdf")
    account = asked.person.account
    assert isinstance(account, Account)
    (number,) = of(db, asked)
    assert db.get_one(StoredFile, number).account_id == account.id
    other = papers(db)
    other.person.uploads("b.pdf")
    draft = other.person.draft
    assert draft is not None
    draft.answers = {"x": [number, *draft.answers["x"]]}
    db.add(draft)
    db.commit()
    other.person.types("?").sees("b.pdf").sees_not("a.pdf").taps("مدرک بعدی")
    assert number not in other.value


def test_a_removed_paper_is_marked_unless_it_was_submitted(db: Session) -> None:
    asked = papers(db)
    asked.person.uploads("a.pdf")
    (number,) = of(db, asked)
    asked.person.taps("حذف").sees("فایل حذف شد", "📎 «تصویر کارت ملی»")
    assert of(db, asked) == []
    db.expire_all()
    assert db.get_one(StoredFile, number).removed_at is not None


def test_an_album_is_answered_once_it_is_quiet(db: Session) -> None:
    asked = papers(db)
    for _ in range(3):
        asked.person.uploads(album="x")
        assert asked.person.reply is not None
        assert asked.person.reply.screens == ()
        assert asked.person.reply.quiet
    asked.person.sees("۳. تصویر کارت ملی").uploads(album="x").sees("حداکثر ۳ فایل")
    assert len(of(db, asked)) == 3


def test_which_of_several_to_remove_can_be_left_open(db: Session) -> None:
    asked = papers(db)
    asked.person.uploads("a.pdf").uploads("b.pdf").taps("حذف").sees("کدام فایل", "۱. a.pdf", "۲. b.pdf")
    assert all(len(label) <= MAX_LABEL for label in asked.person.labels[:2])
    asked.person.types("۲").sees("فایل حذف شد", "a.pdf").sees_not("b.pdf")
    asked.person.uploads("c.pdf").taps("حذف")
    asked.person.taps("هیچ‌کدام").sees("a.pdf", "c.pdf", "مدرک بعدی")
    assert len(of(db, asked)) == 2


def test_no_paper_at_all(db: Session) -> None:
    asked = papers(db)
    asked.person.prepared = "something else"
    asked.person.types("سلام").sees("فایل یا عکس مدرک").sends_a_sticker().sees("فایل یا عکس مدرک")
    assert of(db, asked) == []


def test_options_may_depend_on_answers(db: Session) -> None:
    def cities(turn: Turn, answers: Answers) -> list[tuple[str, str]]:
        return [("s", "شیراز")] if answers.get("province") == "fars" else [("t", "تهران")]

    steps = (
        Step("province", Choice([("fars", "فارس"), ("tehran", "تهران")])),
        Step("city", Search(cities)),
    )
    dialogue = Dialogue(
        "two", steps, lambda turn, answers: Reply(goto=Press("done")), summary="review.summary"
    )
    person = Person(db, Engine([dialogue]), new_account(db)).starts("two")
    person.taps("فارس").types("تهران").sees("پیدا نشد").types("شیراز").sees("شهر محل زندگی: شیراز")
