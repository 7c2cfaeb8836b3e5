"""The kinds of question, each as a person meets it: what is taken and how it is stored, what is refused."""

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from jdatetime import date as jalali

from bot.core.context import Turn
from bot.core.refusals import InvalidInput
from bot.core.screens import Press
from bot.texts import t
from conversations.engine.declaration import Answers, Dialogue, Step, UserInput
from conversations.engine.rendering import shown
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
from conversations.questions.choice import NEXT, PREVIOUS, page_of, turned_to
from conversations.questions.tariff import DayToCome, Rial
from conversations.questions.text import TextQuestion
from tests.support.chat_driver import App, Person
from tests.support.chat_people import at_dialogue, officer

GENDERS = [("female", "زن"), ("male", "مرد")]
NAMES = ["آلفا", "بتا", "گاما", "دلتا", "تهران", "فارس", "یزد", "قم", "البرز", "مرکزی"]
PROVINCES = [(name, f"استان {name}") for name in NAMES]
TOWNS = [("a", "شیراز"), ("b", "شیرازک"), ("c", "باغ شیراز"), ("d", "یزد"), ("e", "یزد")]


def ask(app: App, question: Question, **account: Any) -> Person:
    """An officer at this question, in a dialogue of its own."""
    step = Step("x", question, prompt="چه؟", label="مورد")
    person = officer(app.use(Dialogue("one", (step,), app.finish)), **account)
    return person.start("one")


def answers_of(app: App) -> list[Any]:
    return [answers["x"] for answers in app.finished]


def answer_of(person: Person) -> Any:
    """What the question was answered with, at the end of its dialogue."""
    assert person.view == Press("done"), person.text
    return answers_of(person.app)[-1]


def test_a_line_that_reads_nothing_is_found_before_anybody_types() -> None:
    """Dialogues are made when the bot starts."""

    class Mute(TextQuestion):
        """Says nothing of how it reads what is typed."""

    with pytest.raises(TypeError, match="parse"):
        Mute()  # type: ignore[abstract]


@pytest.mark.parametrize(
    ("question", "typed", "value"),
    [
        (NationalCode(), "۹۹۹ ۱۲۳۴۵۶-۱", "9991234561"),
        (LegalId(), "۱۴۰۰۹۹۹۹۹۹۵", "14009999995"),
        (GuildId(), "۱۲۳۴۵", "12345"),
        (JalaliDate(), "۱۳۶۵/۰۴/۱۲", "1986-07-03"),
        (Phone(), "۰۷۱۳۲۱۲۳۴۵۶", "07132123456"),
        (Phone(), "تلفن ثابت ندارم", ""),
        (Email(), "A@B.ir", "a@b.ir"),
        (Address(), "شیراز، خیابان زند", "شیراز، خیابان زند"),
        (BirthCertNo(), "1", "1"),
        (Text(2, 9), "  پرستار  ", "پرستار"),
        (Mobile(), "0912 345 6789", {"number": "+989123456789", "verified": False}),
        (Confirm(), "بله", True),
        (Confirm(), "خیر", False),
        *[(Choice(GENDERS), typed, "male") for typed in ("مرد", "2", "۲", "٢", " مَرد ")],
        (Choice(PROVINCES, page=4), "اُستان مرکزي", "مرکزی"),  # of another page
        (Choice(TOWNS), "یزد", "d"),  # the first of two with one name
        *[(Rial(1000, 5000), typed, 1000) for typed in ("1000", "1,000", "۱٬۰۰۰ ریال")],
        *[(Rial(1000, 5000), typed, 5000) for typed in ("5000", "5.000")],
        (Rial(1000, 5000), "0", 0),
    ],
    ids=lambda one: type(one).__name__ if isinstance(one, Question) else "",
)
def test_what_is_typed_is_taken(app: App, question: Question, typed: str, value: Any) -> None:
    assert answer_of(ask(app, question).type(typed)) == value


TOO_MUCH = ["5001", *("1" + "0" * zeros for zeros in (14, 15, 40))]


@pytest.mark.parametrize("typed", ["999", *TOO_MUCH, "1000 تومان", "10,00", "هزار"])
def test_an_amount_that_is_refused_may_be_none_at_all(app: App, typed: str) -> None:
    person = ask(app, Rial(1000, 5000)).type(typed)
    assert answers_of(app) == []
    assert answer_of(person.tap(t("tariffs.free"))) == 0


@pytest.mark.parametrize(("days", "taken"), [(-1, False), (0, True), (10, True), (11, False)])
def test_a_day_from_today_on(app: App, days: int, taken: bool) -> None:
    today = DayToCome._today(app.clock)  # type: ignore[arg-type]
    day = today + timedelta(days=days)
    person = ask(app, DayToCome(timedelta(days=10))).type(jalali.fromgregorian(date=day).strftime("%Y/%m/%d"))
    assert answers_of(app) == ([day.isoformat()] if taken else [])
    if not taken:
        assert answer_of(person.tap(t("tariffs.today"))) == today.isoformat()


def test_text_that_is_too_short_or_too_long(app: App) -> None:
    person = ask(app, Text(5, 10, short="error.short_reason")).type("کم").sees("دلیل را کامل‌تر")
    person.type("ی" * 11).sees("حداکثر ۱۰ حرف").type("یک‌دوسه")
    assert answer_of(person) == "یک‌دوسه"


def test_how_answers_are_shown(app: App) -> None:
    turn, ask = None, Step("x", Text(1, 500))
    show = lambda question, value: question.format_answer(turn, ask, value)  # noqa: E731
    assert show(JalaliDate(), "1986-07-03") == "۱۳۶۵/۰۴/۱۲"
    assert show(NationalCode(), "9991234561") == "۹۹۹۱۲۳۴۵۶۱"
    assert show(Phone(), "") == "ندارد"
    assert show(Mobile(), {"number": "+989123456789", "verified": True}) == "۰۹۱۲۳۴۵۶۷۸۹"
    assert show(Mobile(), {"number": "+989123456789", "verified": False}) == "۰۹۱۲۳۴۵۶۷۸۹ (تأییدنشده)"
    assert show(Documents("x", "مدرک", 3), [1, 2]) == "۲ فایل"
    assert show(Confirm(), False) == "خیر، برگرد"


@pytest.mark.parametrize("typed", [True, False], ids=["may be typed", "must be proved"])
def test_a_mobile_is_proved_by_the_own_contact_alone(app: App, typed: bool) -> None:
    person = ask(app, Mobile(typed=typed))
    assert person.screen.ask_contact == "📱 ارسال شماره همراه"
    person.share("989121112233", own=False).sees("شماره خودتان")
    if typed:
        person.type("123").sees("۱۱ رقم")
    else:
        person.type("09121112233").sees("شماره خودتان")
    assert answers_of(app) == []
    assert answer_of(person.share("+98 912 111 2233")) == {"number": "+989121112233", "verified": True}


def test_the_number_of_the_birth_certificate_may_be_the_national_code(app: App) -> None:
    person = ask(app, BirthCertNo(), national_code="0499370899").tap("برابر با کد ملی")
    assert answer_of(person) == "0499370899"
    assert ask(app, BirthCertNo(), national_code=None).labels == ["انصراف"]


# ── choices ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_provinces_in_pages(app: App) -> None:
    person = ask(app, Choice(PROVINCES, columns=2, page=4))
    person.sees("استان آلفا", "بعدی").sees_not("استان تهران", "قبلی")
    old = person.button("استان آلفا")
    person.tap("بعدی").sees("استان تهران", "قبلی").tap("بعدی").sees("استان مرکزی").sees_not("بعدی")
    person.press(old).sees("دیگر معتبر نیست", "استان مرکزی").tap("قبلی").type("۱")
    assert answer_of(person) == "تهران"


def keys(page: int, *, size: int = 4, number: int = 9, columns: int = 2) -> list[list[str]]:
    options = [(str(one), f"گزینه {one}") for one in range(number)]
    return [[one.key for one in row] for row in page_of(options, page, size, columns)]


def test_pages_of_options() -> None:
    assert keys(0) == keys(-1) == [["0", "1"], ["2", "3"], [f"{NEXT}1"]]
    assert keys(1) == [["4", "5"], ["6", "7"], [f"{PREVIOUS}0", f"{NEXT}2"]]
    assert keys(2) == keys(99) == [["8"], [f"{PREVIOUS}1"]]
    assert keys(0, number=4) == [["0", "1"], ["2", "3"]]
    assert keys(0, number=0) == []
    assert [turned_to(key) for key in (f"{NEXT}3", f"{PREVIOUS}2", "3", None)] == [3, 2, None, None]


def test_options_that_went_away(app: App) -> None:
    options = list(PROVINCES)
    person = ask(app, Choice(lambda turn, answers: options))
    button, other = person.button("استان فارس"), person.button("استان قم")
    options[:] = [("قم", "استان قم"), *(one for one in PROVINCES[::-1] if one[0] not in ("فارس", "قم"))]
    person.press(button).sees("دیگر معتبر نیست").press(other)
    assert answer_of(person) == "قم"


def test_options_may_depend_on_answers(app: App) -> None:
    def cities(turn: Turn, answers: Answers) -> list[tuple[str, str]]:
        return [("s", "شیراز")] if answers.get("province") == "fars" else [("t", "تهران")]

    provinces = Choice([("fars", "فارس"), ("tehran", "تهران")])
    person = at_dialogue(
        app, Step("province", provinces), Step("city", Search(cities)), summary="review.summary"
    )
    person.tap("فارس").type("تهران").sees("پیدا نشد").type("شیراز").sees("شهر محل زندگی: شیراز")


# ── searches ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_results_come_in_pages(app: App) -> None:
    cities = [(f"c{n}", f"شهر شماره {n}") for n in range(12)] + [("s", "شیراز"), ("k", "کریم‌آباد")]
    person = ask(app, Search(cities, page=5, missing="error.city_not_in_list"))
    person.sees("چه؟").type("پاریس").sees("نزدیک‌ترین شهر")
    person.type("شماره").sees("۱۲ مورد", "شهر شماره 0", "بعدی").sees_not("شهر شماره 5")
    person.tap("بعدی").sees("شهر شماره 5", "قبلی").type("!!").sees("نزدیک‌ترین شهر", "شهر شماره 5")
    assert answer_of(person.type("كريم اباد")) == "k"


@pytest.mark.parametrize(
    ("typed", "taken", "offered"),
    [
        pytest.param(
            "شیراز", None, ["شیراز", "شیرازک", "باغ شیراز"], id="a whole name whose word another has"
        ),
        pytest.param("شيرازك", "b", [], id="a whole name"),
        pytest.param("باغ شيراز", "c", [], id="the whole name of one"),
        pytest.param("شهر شیرازک", None, ["شیرازک"], id="a word before the name"),
        pytest.param("شیر", None, ["شیراز", "شیرازک", "باغ شیراز"], id="names that begin with it come first"),
        pytest.param("شیراز باغ", None, ["باغ شیراز"], id="words in any order"),
        pytest.param("یزد", None, ["یزد", "یزد"], id="the whole name of two"),
        pytest.param("تهران", None, [], id="no name at all"),
        pytest.param("!", None, [], id="nothing to search by"),
    ],
)
def test_a_name_is_searched(app: App, typed: str, taken: str | None, offered: list[str]) -> None:
    person = ask(app, Search(TOWNS, missing="error.city_not_in_list")).type(typed)
    assert answers_of(app) == ([] if taken is None else [taken])
    if taken is None:
        names = {label for _, label in TOWNS}
        assert [label for label in person.labels if label in names] == offered
        person.sees(t("form.found" if offered else "error.city_not_in_list"))


@pytest.mark.parametrize("typed", ["شریاز", "شراز", "شیرااز", "شیراظ"])
def test_a_name_with_one_wrong_letter_is_asked_about(app: App, typed: str) -> None:
    person = ask(app, Search(TOWNS)).type(typed).sees("آیا منظورتان", "شیراز").sees_not("یزد")
    assert answer_of(person.tap("شیراز")) == "a"


def test_who_does_not_find_theirs_sees_the_whole_list(app: App) -> None:
    cities = [(f"c{n}", f"شهر {n}") for n in range(12)]
    search = Search(cities, page=5, not_listed="form.city_not_listed", all_listed="form.nearest_city")
    person = ask(app, search).sees("شهر من در فهرست نیست").type("پاریس").sees("پیدا نشد")
    person.tap("شهر من در فهرست نیست").sees("نزدیک‌ترین شهر", "شهر 0", "بعدی").tap("بعدی").sees("شهر 5")
    assert answer_of(person.tap("شهر 7")) == "c7"
    assert answer_of(ask(app, search).tap("شهر من در فهرست نیست").type("شهر 3")) == "c3"


def test_a_typed_name_is_repeated_as_it_was_understood(app: App) -> None:
    person = at_dialogue(app, Step("city", Search(TOWNS)), Step("email", Email()), summary="review.summary")
    person.type("باغ شيراز").sees("✅ شهر محل زندگی: باغ شیراز")


def test_a_typed_mobile_says_what_follows(app: App) -> None:
    person = at_dialogue(app, Step("mobile", Mobile()), Step("email", Email()), summary="review.summary")
    person.type("۰۹۱۲۳۴۵۶۷۸۹").sees(
        "✅ شماره همراه: ۰۹۱۲۳۴۵۶۷۸۹ (تأییدنشده)", "رمز فراموش‌شده با آن بازیابی نمی‌شود"
    )
    person.tap("بازگشت").share("989123456789").sees("✅ شماره همراه: ۰۹۱۲۳۴۵۶۷۸۹").sees_not("بازیابی")


def test_a_date_of_another_calendar_or_of_two_readings_is_asked_about(app: App) -> None:
    person = ask(app, JalaliDate()).type("1986-07-03").sees("این تاریخ میلادی است", "۱۳۶۵/۰۴/۱۲")
    assert answer_of(person.tap("۱۳۶۵/۰۴/۱۲")) == "1986-07-03"
    person = ask(app, JalaliDate()).type("3/7/1986").sees("این تاریخ میلادی است؛ تاریخ شمسی را بنویسید")
    person.type("۲۰/۵/۲۵").sees("کدام درست است", "۱۳۲۰/۰۵/۲۵", "۱۳۲۵/۰۵/۲۰")
    assert answer_of(person.tap("۱۳۲۵/۰۵/۲۰")) == "1946-08-11"
    ask(app, JalaliDate()).type("۱۳۹۵/۰۱/۰۱").sees("سن باید بین ۱۸ و ۹۰ سال باشد")


def test_a_match_is_tapped_or_numbered(app: App) -> None:
    search = Search([("a", "مهندسی پزشکی"), ("b", "پزشکی"), ("c", "فیزیک پزشکی")], first=[("z", "همه")])
    assert answer_of(ask(app, search).type("پزشک", "۱")) == "b", "what begins with the words comes first"
    assert answer_of(ask(app, search).type("پزشک").tap("فیزیک پزشکی")) == "c"
    assert answer_of(ask(app, search).tap("همه")) == "z"


# ── ticks ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_ticks(app: App) -> None:
    items = [("father_name", "نام پدر"), ("doc.card", "کارت ملی"), ("city", "شهر")]
    person = ask(app, Ticks(items, send="defects.send"))
    send = person.labels[-2]
    person.tap(send).sees("یکی از گزینه‌ها")
    person.tap("شهر").sees("☑️ شهر", "▫️ نام پدر", "انتخاب‌شده: ۱").tap("شهر").sees_not("☑️")
    person.type("۲").sees("☑️ کارت ملی").tap("نام پدر").type("ناخواناست").sees("│ ناخواناست")
    person.type("کم").sees("کامل‌تر بنویسید", "│ ناخواناست").tap(send)
    assert answer_of(person) == {"items": ["father_name", "doc.card"], "note": "ناخواناست"}
    noted = ask(app, Ticks(items))
    noted.type("یادداشت نخست").tap("حذف توضیح").sees_not("یادداشت نخست", "حذف توضیح")
    assert answer_of(noted.type("یادداشت دوم").tap("ادامه")) == {"items": [], "note": "یادداشت دوم"}
    nothing = ask(app, Ticks(items, note=False, empty=None))
    nothing.type("سلام دوست من").sees("یکی از گزینه‌ها").tap("ادامه")
    assert answer_of(nothing) == {"items": [], "note": None}


@pytest.mark.parametrize(
    ("length", "kept"),
    [(4, False), (5, True), (20, True), (21, False), (80, False), (81, False), (200, False)],
)
def test_a_note_between_its_bounds(app: App, length: int, kept: bool) -> None:
    ask(app, Ticks([("a", "الف")], note_min=5, note_max=20)).type("ن" * length).tap(t("form.done"))
    assert answers_of(app) == ([{"items": [], "note": "ن" * length}] if kept else [])


@pytest.mark.parametrize(
    ("optional", "how", "words"),
    [
        (True, {}, "form.none"),
        (True, {"asked": True}, "form.none"),
        (True, {"asked": False}, "form.unset"),
        (False, {}, "form.unset"),
    ],
)
def test_none_is_said_only_of_what_was_asked_and_may_be_left(
    optional: bool, how: dict[str, bool], words: str
) -> None:
    step = Step("email", Email(), optional=optional)
    assert shown(None, step, None, **how) == t(words)  # type: ignore[arg-type]


@pytest.mark.parametrize(("blanks", "taken"), [(796, True), (797, False)])
def test_blanks_do_not_count_but_are_not_read_for_ever(blanks: int, taken: bool) -> None:
    text = f"{'م' * 10}{' ' * blanks}{'م' * 10}"
    question = Text(5, 200)
    if taken:
        assert question.parse(None, text) == f"{'م' * 10} {'م' * 10}"  # type: ignore[arg-type]
    else:
        with pytest.raises(InvalidInput):
            question.parse(None, text)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("question", "choice", "key"),
    [
        (Ticks(GENDERS), "@nothing", "error.choose"),
        (Choice(GENDERS), "@nothing", "error.choose"),
        (Search(PROVINCES), "@nothing", "error.not_in_list"),
        (Search(PROVINCES, missing="error.branch_not_found"), "x", "error.branch_not_found"),
        (JalaliDate(), "1986-07-03", "error.bad_date"),
    ],
    ids=lambda one: type(one).__name__ if isinstance(one, Question) else "",
)
def test_a_button_that_was_not_offered_is_no_answer(question: Question, choice: str, key: str) -> None:
    """A forged one, or one of an option that is gone."""
    turn: Any = SimpleNamespace(chat=SimpleNamespace(dialogue_state={}), draft=None)
    with pytest.raises(InvalidInput) as refused:
        question.accept(turn, Step("x", question), {}, UserInput(choice=choice))
    assert refused.value.key == key


@pytest.mark.parametrize(("doubt", "choice"), [(True, "move"), (True, "@nothing"), (False, "@nothing")])
def test_a_button_of_another_doubt_settles_none(doubt: bool, choice: str) -> None:
    question = Documents("card", "کارت", 3)
    turn: Any = None
    given: tuple[Any, ...] = (
        ({}, {}, [1], {"file": 1, "why": "name", "doc": "gone"}) if doubt else ({}, [1, 2], 2)
    )
    settle: Any = question._settle_doubt if doubt else question._settle_added
    with pytest.raises(InvalidInput) as refused:
        settle(turn, *given, choice)
    assert refused.value.key == "error.choose"
