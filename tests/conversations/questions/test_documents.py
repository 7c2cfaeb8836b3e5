"""The question for a document: one more file, the same file twice, which one goes, and names on buttons."""

import pytest

from bot.texts import t
from conversations.engine.declaration import Step
from conversations.questions import Documents, PersianName
from storage.tables import Draft, StoredFile
from tests.conversations.questions.test_questions import answer_of, ask
from tests.support.chat_driver import App, Person
from tests.support.chat_people import at_dialogue


def documents(app: App, *, hints: bool = False) -> Person:
    return ask(app, Documents("national_card", "تصویر کارت ملی", 3, short_name="کارت ملی", hints=hints))


def file_ids(person: Person) -> list[int]:
    return list(person.answers.get("x") or [])


CARD = Documents("national_card", "تصویر کارت ملی (رو و پشت)", short_name="کارت ملی")


def test_from_the_first_file_to_the_summary(app: App) -> None:
    steps = (
        Step("father_name", PersianName()),
        Step("doc.national_card", CARD),
        Step("doc.other", Documents("other", "سایر مدارک", 1), optional=True),
    )
    person = at_dialogue(app, *steps, summary="review.summary", keeps_draft=True).sees("نام پدر")
    person.sees_not(" از ").type("علی")
    person.sees("📎 «تصویر کارت ملی (رو و پشت)»", "(۱ از ۲)").type("سلام").sees("فایل یا عکس مدرک")
    person.upload("scan1.jpg", content="a").sees("دریافت شد", "نام فایل را")
    person.sees("⬅️ مدرک بعدی", "➕ فایل دیگر", "🗑 حذف").upload("کارت ملی.jpg", content="b", album="x")
    person.sees_not("نام فایل را").sees("۲. کارت ملی.jpg").upload(content="b").sees("پیش‌تر فرستاده‌اید")
    assert len(person.answers["doc.national_card"]) == 2
    person.tap("➕ فایل دیگر").sees("فایل بعدی").sees_not("➕ فایل دیگر").upload(content="c")
    person.sees_not("فایل دیگر", "فایل بعدی").upload(content="d").sees("حداکثر ۳ فایل", "مدرک بعدی")
    person.tap("🗑 حذف").sees("کدام فایل").tap("۱. scan1.jpg").sees("فایل حذف شد")
    assert len(person.answers["doc.national_card"]) == 2
    person.tap("⬅️ مدرک بعدی").sees("«سایر مدارک»", "(۲ از ۲)", "این را ندارم")
    person.upload(content="b").sees("مدرک دیگری").sees_not("فایل دیگر").tap("🗑 حذف").sees("فایل حذف شد")
    person.tap("این را ندارم").sees("تصویر کارت ملی (رو و پشت): ۲ فایل", "سایر مدارک: ندارد", "✏️ کارت ملی")
    person.tap("تأیید")
    (answers,) = app.finished
    assert (len(answers["doc.national_card"]), answers["doc.other"]) == (2, [])


@pytest.mark.parametrize(("typed", "left"), [("۱", ["b.pdf"]), ("۲", ["a.pdf"]), ("۹", ["a.pdf", "b.pdf"])])
def test_the_named_file_goes_and_no_other(app: App, typed: str, left: list[str]) -> None:
    person = documents(app).upload("a.pdf").upload("b.pdf").tap(t("doc.remove")).sees("۱. a.pdf", "۲. b.pdf")
    assert len(file_ids(person.type(typed))) == len(left)
    if len(left) == 2:
        person.sees(t("error.want_file")).tap(t("doc.none_of_them"))
    person.sees(*left).sees_not(*({"a.pdf", "b.pdf"} - set(left)))


def test_a_removed_document_is_marked_unless_it_was_submitted(app: App) -> None:
    person = documents(app).upload("a.pdf")
    (number,) = file_ids(person)
    person.tap("حذف").sees("فایل حذف شد", "📎 «تصویر کارت ملی»")
    assert file_ids(person) == []
    assert app.get(StoredFile, number).removed_at is not None


def test_anything_but_a_file_changes_nothing(app: App) -> None:
    person = documents(app).type("سلام").sees(t("error.want_file")).send().sees(t("error.want_file"))
    assert file_ids(person) == []
    person.upload("a.pdf").type("سلام").sees(t("error.want_file")).tap(t("doc.next"))
    assert len(answer_of(person)) == 1


@pytest.mark.parametrize(("length", "shown"), [(15, 15), (16, 16), (17, 15), (60, 15)])
def test_a_long_name_is_cut_to_fit_its_button(app: App, length: int, shown: int) -> None:
    person = documents(app).upload("ن" * length).upload("b.pdf").tap(t("doc.remove"))
    assert person.labels[0] == f"۱. {'ن' * shown}{'…' if shown < length else ''}"


@pytest.mark.parametrize(
    ("name", "hints", "hinted"),
    [
        ("کارت ملی.pdf", True, False),
        ("scan.pdf", True, True),
        ("scan.pdf", False, False),
        (None, True, False),
    ],
)
def test_a_name_of_something_else_is_remarked_upon(
    app: App, name: str | None, hints: bool, hinted: bool
) -> None:
    person = documents(app, hints=hints).upload(name)
    assert (t("doc.name_hint") in person.text) == hinted
    assert len(file_ids(person)) == 1


def test_a_document_belongs_to_who_sent_it(app: App) -> None:
    person, other = documents(app).upload("a.pdf"), documents(app).upload("b.pdf")
    (number,) = file_ids(person)
    assert app.get(StoredFile, number).account_id == person.account.id
    app.change(Draft, other.draft.id, answers={"x": [number, *file_ids(other)]})
    other.type("متن").sees("b.pdf").sees_not("a.pdf").tap("مدرک بعدی")
    assert number not in answer_of(other)


def test_an_album_is_answered_once_it_is_quiet(app: App) -> None:
    person = documents(app)
    for _ in range(3):
        person.upload(album="x")
        assert person.answer is not None
        assert person.answer.screens == ()
        assert person.answer.quiet
    person.sees("۳. تصویر کارت ملی").upload(album="x").sees("حداکثر ۳ فایل")
    assert len(file_ids(person)) == 3
