"""The question for a document, as its officer meets it: the form goes on by itself, and what is in doubt is asked."""

import pytest

from bot.core.screens import MAX_LABEL
from bot.texts import t
from conversations.engine.declaration import Step
from conversations.questions import Choice, Documents
from conversations.questions.uploads.document_doubts import Sibling
from storage.tables import Draft, StoredFile
from tests.support.chat_driver import App, Person
from tests.support.chat_people import at_dialogue

CARD = Sibling("doc.national_card", "تصویر کارت ملی (رو و پشت)", "کارت ملی", 3, "national_card")
BIRTH = Sibling("doc.birth_certificate", "تصویر شناسنامه", "شناسنامه", 3, "birth_certificate")
PHOTO = Sibling("doc.personal_photo", "عکس پرسنلی", "عکس", 1, "personal_photo")
PAPERS = (CARD, BIRTH, PHOTO)
SUMMARY = t("review.summary").splitlines()[0]
BOTH = t("doc.both_sides")
LATER = t("form.defer")


def steps(*, sides: int = 2) -> tuple[Step, ...]:
    made = []
    for one in PAPERS:
        question = Documents(
            one.code,
            one.name,
            one.max_files,
            short_name=one.short_name,
            sides=sides if one is CARD else 1,
            siblings=[other for other in PAPERS if other is not one],
        )
        made.append(Step(one.key, question, deferrable=True))
    return (*made, Step("gender", Choice((("a", "آری"), ("b", "نه"))), prompt="پرسش آخر", label="آخر"))


def at_papers(app: App, *, sides: int = 1) -> Person:
    """An officer at the first of three documents."""
    return at_dialogue(app, *steps(sides=sides), summary="review.summary", keeps_draft=True)


def sent(person: Person, paper: Sibling) -> list[str | None]:
    """Names of the files that lie under a document."""
    ids = person.answers.get(paper.key) or []
    return [person.app.get(StoredFile, file_id).original_name for file_id in ids]


# ── on to the next by itself ─────────────────────────────────────────────────────────────────────────────────────────


def test_after_the_file_the_next_document_is_asked_by_itself(app: App) -> None:
    person = at_papers(app).sees("📎 «تصویر کارت ملی (رو و پشت)» را بفرستید", "JPG، PNG، PDF")
    person.upload("a.jpg").sees("✅ «تصویر کارت ملی (رو و پشت)» دریافت شد", "📎 «تصویر شناسنامه» را بفرستید")
    person.sees_not("JPG").upload("b.jpg").upload("c.jpg").sees("✅ «عکس پرسنلی» دریافت شد", "پرسش آخر")
    assert [sent(person, one) for one in PAPERS] == [["a.jpg"], ["b.jpg"], ["c.jpg"]]


def test_of_a_card_with_two_sides_the_other_side_is_asked_for(app: App) -> None:
    person = at_papers(app, sides=2).sees("ابتدا روی آن را بفرستید").upload("front.jpg")
    person.sees("روی «کارت ملی» دریافت شد", "پشت «کارت ملی» را هم بفرستید").sees_not("«تصویر شناسنامه» را")
    person.upload("back.jpg").sees("۲ فایل دریافت شد", "📎 «تصویر شناسنامه»")
    assert sent(person, CARD) == ["front.jpg", "back.jpg"]


def test_both_sides_may_be_on_one_picture(app: App) -> None:
    person = at_papers(app, sides=2).upload("both.jpg").tap(BOTH).sees("📎 «تصویر شناسنامه»")
    assert sent(person, CARD) == ["both.jpg"]


def test_the_first_side_may_be_taken_back(app: App) -> None:
    person = (
        at_papers(app, sides=2).upload("wrong.jpg").tap("🗑 حذف").sees("فایل حذف شد", "📎 «تصویر کارت ملی")
    )
    person.upload("front.jpg").upload("back.jpg").sees("📎 «تصویر شناسنامه»")
    assert sent(person, CARD) == ["front.jpg", "back.jpg"]


def test_one_more_page_of_the_last_document_stays_at_hand(app: App) -> None:
    person = (
        at_papers(app)
        .upload("1.jpg")
        .tap("➕ صفحه دیگر کارت ملی")
        .sees("صفحه دیگر «تصویر کارت ملی", "۱. 1.jpg")
    )
    person.upload("2.jpg").sees("۲ فایل دریافت شد", "📎 «تصویر شناسنامه»", "➕ صفحه دیگر کارت ملی")
    person.upload("b.jpg").sees("➕ صفحه دیگر شناسنامه").sees_not("صفحه دیگر کارت ملی")
    person.upload("p.jpg").sees("پرسش آخر").sees_not("صفحه دیگر")  # one photo and no more
    assert [sent(person, one) for one in PAPERS] == [["1.jpg", "2.jpg"], ["b.jpg"], ["p.jpg"]]


def test_one_more_page_may_come_from_the_summary_and_from_another_question(app: App) -> None:
    person = at_papers(app).upload("a.jpg").upload("b.jpg").tap("بازگشت")
    person.sees("📎 «تصویر شناسنامه»، فایل‌های فرستاده‌شده", "۱. b.jpg").tap("➕ صفحه دیگر").upload("b2.jpg")
    person.upload("p.jpg").tap("آری").sees(SUMMARY, "تصویر شناسنامه: ۲ فایل")
    person.tap("✏️ کارت ملی", "➕ صفحه دیگر").upload("a2.jpg").sees(
        SUMMARY, "تصویر کارت ملی (رو و پشت): ۲ فایل"
    )
    person.tap("➕ صفحه دیگر کارت ملی").upload("a3.jpg").sees(SUMMARY, "تصویر کارت ملی (رو و پشت): ۳ فایل")


# ── albums ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_album_belongs_to_one_document_and_is_answered_once(app: App) -> None:
    person = at_papers(app, sides=2)
    for name in ("1.jpg", "2.jpg", "3.jpg"):
        person.upload(name, album="x")
        assert person.answer is not None
        assert (person.answer.screens, bool(person.answer.quiet)) == ((), True)
    person.sees("۳ فایل دریافت شد", "📎 «تصویر شناسنامه»")
    person.upload("4.jpg", album="x").sees(
        "حداکثر ۳ فایل", "«تصویر کارت ملی (رو و پشت)»", "📎 «تصویر شناسنامه»"
    )
    person.upload("b.jpg", album="y").upload("b2.jpg", album="y").sees("📎 «عکس پرسنلی»")
    assert sent(person, CARD) == ["1.jpg", "2.jpg", "3.jpg"]
    assert sent(person, BIRTH) == ["b.jpg", "b2.jpg"]


def test_the_end_of_an_album_reaches_its_document_also_from_another_kind_of_question(app: App) -> None:
    person = at_papers(app).upload("a.jpg").upload("b.jpg")
    person.upload("p.jpg", album="x").sees("پرسش آخر").upload("p2.jpg", album="x").sees(
        "حداکثر ۱ فایل", "پرسش آخر"
    )
    assert sent(person, PHOTO) == ["p.jpg"]


def test_a_picture_twice_in_an_album_holds_nobody_up(app: App) -> None:
    person = (
        at_papers(app)
        .upload(content="1", album="x")
        .upload(content="1", album="x")
        .sees("📎 «تصویر شناسنامه»")
    )
    assert len(sent(person, CARD)) == 1


def test_an_album_in_place_of_what_was_there(app: App) -> None:
    person = at_papers(app).upload("old.jpg").upload("b.jpg").upload("p.jpg").tap("آری", "✏️ کارت ملی")
    person.tap("🔁 جایگزینی").upload("1.jpg", album="x").upload("2.jpg", album="x").sees(SUMMARY)
    assert sent(person, CARD) == ["1.jpg", "2.jpg"]


# ── later ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_paper_not_at_hand_does_not_block_the_others_and_is_asked_at_the_end(app: App) -> None:
    person = at_papers(app).tap(LATER).sees("📎 «تصویر شناسنامه»").upload("b.jpg").tap(LATER).sees("پرسش آخر")
    person.tap("آری").sees("📎 «تصویر کارت ملی").upload("a.jpg").sees("📎 «عکس پرسنلی»").upload("p.jpg").sees(
        SUMMARY
    )
    assert [sent(person, one) for one in PAPERS] == [["a.jpg"], ["b.jpg"], ["p.jpg"]]


def test_what_is_put_off_at_the_end_as_well_is_named_and_never_sent_without(app: App) -> None:
    person = at_papers(app).tap(LATER).upload("b.jpg").tap(LATER, "آری", LATER, LATER)
    person.sees("هنوز مانده است", "• تصویر کارت ملی (رو و پشت)\n• عکس پرسنلی").sees_not("✅ تأیید")
    person.sees("عکس پرسنلی: هنوز فرستاده نشده", "تصویر شناسنامه: ۱ فایل")
    person.tap("📎 ارسال مدارک مانده").sees("📎 «تصویر کارت ملی").upload("a.jpg").sees("📎 «عکس پرسنلی»")
    person.tap(LATER).sees("هنوز مانده است", "• عکس پرسنلی").sees_not("• تصویر کارت ملی").tap(
        "📎 ارسال مدارک مانده"
    )
    person.upload("p.jpg").sees(SUMMARY, "✅ تأیید").sees_not("مانده")
    assert app.finished == []


def test_what_was_put_off_is_still_missing_on_another_day_and_messenger(app: App) -> None:
    person = at_papers(app).tap(LATER).upload("b.jpg").upload("p.jpg").tap("بعداً ادامه می‌دهم")
    there = person.elsewhere().start("form").sees("پرسش آخر").tap("آری").sees("📎 «تصویر کارت ملی")
    there.upload("a.jpg").sees(SUMMARY, "✅ تأیید")


# ── replacing, removing, too many ────────────────────────────────────────────────────────────────────────────────────


def test_replacing_is_one_step(app: App) -> None:
    person = at_papers(app).upload("old.jpg").upload("b.jpg").upload("p.jpg").tap("آری", "✏️ کارت ملی")
    (old,) = person.answers[CARD.key]
    person.tap("🔁 جایگزینی").sees("جای این فایل‌ها را می‌گیرد", "۱. old.jpg").upload("new.jpg").sees(SUMMARY)
    assert sent(person, CARD) == ["new.jpg"]
    assert app.get(StoredFile, old).removed_at is not None


def test_a_file_sent_where_one_lies_is_asked_about(app: App) -> None:
    person = at_papers(app).upload("old.jpg").upload("b.jpg").upload("p.jpg").tap("آری", "✏️ کارت ملی")
    person.upload("new.jpg").sees("جای آن را بگیرد یا صفحه دیگر همین مدرک است؟").tap("🔁 جای فایل قبلی").sees(
        SUMMARY
    )
    assert sent(person, CARD) == ["new.jpg"]
    person.tap("✏️ کارت ملی").upload("2.jpg").tap("➕ صفحه دیگر").sees(SUMMARY)
    assert sent(person, CARD) == ["new.jpg", "2.jpg"]
    person.tap("✏️ کارت ملی").upload("no.jpg").tap("🗑 حذف این فایل").sees(SUMMARY)
    assert sent(person, CARD) == ["new.jpg", "2.jpg"]


def test_one_file_too_many_is_refused_with_the_way_on(app: App) -> None:
    person = (
        at_papers(app)
        .upload("1.jpg")
        .tap("➕ صفحه دیگر کارت ملی")
        .upload("2.jpg")
        .tap("➕ صفحه دیگر کارت ملی")
    )
    person.upload("3.jpg").sees("۳ فایل دریافت شد").sees_not("صفحه دیگر").tap("بازگشت")
    person.upload("4.jpg").sees("حداکثر ۳ فایل", "ذخیره نشد", "🔁 جایگزینی", "ادامه").tap("ادامه")
    person.sees("📎 «تصویر شناسنامه»")
    assert len(sent(person, CARD)) == 3


@pytest.mark.parametrize(("typed", "left"), [("۱", ["b.pdf"]), ("۲", ["a.pdf"]), ("۹", ["a.pdf", "b.pdf"])])
def test_the_named_file_goes_and_no_other(app: App, typed: str, left: list[str]) -> None:
    person = at_papers(app, sides=2).upload("a.pdf").upload("b.pdf").tap("بازگشت", "🗑 حذف").sees("کدام فایل")
    person.type(typed)
    assert sent(person, CARD) == left
    if len(left) == 2:
        person.sees(t("error.want_file")).tap(t("doc.none_of_them"))
    person.sees(*left).sees_not(*({"a.pdf", "b.pdf"} - set(left)))


@pytest.mark.parametrize(("length", "shown"), [(15, 15), (16, 16), (17, 15), (60, 15)])
def test_a_long_name_is_cut_to_fit_its_button(app: App, length: int, shown: int) -> None:
    name = "ن" * length
    person = at_papers(app, sides=2).upload(name).upload("b.pdf").tap("بازگشت", "🗑 حذف")
    assert person.labels[0] == f"۱. {'ن' * shown}{'…' if shown < length else ''}"
    assert len(person.labels[0]) <= MAX_LABEL


def test_words_where_a_file_is_wanted_change_nothing(app: App) -> None:
    person = at_papers(app, sides=2).type("سلام").sees(t("error.want_file"), "📎 «تصویر کارت ملی")
    person.upload("a.pdf").type("سلام").sees(t("error.want_file"), "پشت «کارت ملی»")
    assert sent(person, CARD) == ["a.pdf"]


# ── doubts ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "says", ["شناسنامه.jpg", "عكس شناسنامه ۱.JPG", "birth certificate.pdf", "شناسنامه‌ام"]
)
@pytest.mark.parametrize("by", ["name", "caption"])
def test_what_names_another_document_is_asked_about(app: App, says: str, by: str) -> None:
    person = at_papers(app)
    person.upload(says if by == "name" else None, caption=says if by == "caption" else None)
    person.sees("این فایل کدام مدرک است؟", "بله، کارت ملی", "نه، شناسنامه", "🗑 حذف این فایل")
    person.tap("نه، شناسنامه").sees("برای «تصویر شناسنامه» ثبت شد", "📎 «تصویر کارت ملی")
    assert (len(sent(person, CARD)), len(sent(person, BIRTH))) == (0, 1)
    person.upload("کارت ملی.jpg").sees("📎 «عکس پرسنلی»")


def test_a_doubted_file_may_belong_where_it_was_sent_after_all(app: App) -> None:
    person = at_papers(app).upload("شناسنامه.jpg").tap("بله، کارت ملی").sees("📎 «تصویر شناسنامه»")
    assert sent(person, CARD) == ["شناسنامه.jpg"]


def test_a_doubted_file_may_go(app: App) -> None:
    person = at_papers(app).upload("شناسنامه.jpg").tap("🗑 حذف این فایل").sees("📎 «تصویر کارت ملی")
    assert sent(person, CARD) == []


def test_an_album_of_all_papers_is_asked_about_file_by_file(app: App) -> None:
    person = at_papers(app).upload("کارت ملی.jpg", album="x").upload("شناسنامه.jpg", album="x")
    person.upload("عکس پرسنلی.jpg", album="x").sees("«شناسنامه.jpg»").tap("نه، شناسنامه")
    person.sees("«عکس پرسنلی.jpg»").tap("نه، عکس").sees("پرسش آخر")
    assert [sent(person, one) for one in PAPERS] == [["کارت ملی.jpg"], ["شناسنامه.jpg"], ["عکس پرسنلی.jpg"]]


@pytest.mark.parametrize("says", ["کارت ملی.jpg", "scan0001.jpg", "گواهی.pdf", "فرم تکمیلی.pdf", None])
def test_what_names_no_other_document_is_taken(app: App, says: str | None) -> None:
    at_papers(app).upload(says, caption=says).sees("📎 «تصویر شناسنامه»")


def test_the_paper_of_another_document_sent_again_is_asked_about(app: App) -> None:
    person = at_papers(app).upload(content="same").upload(content="same")
    person.sees("همین فایل را برای «تصویر کارت ملی (رو و پشت)» فرستاده‌اید").tap("🗑 حذف این فایل")
    person.sees("📎 «تصویر شناسنامه»").upload(content="same").tap("بله، شناسنامه").sees("📎 «عکس پرسنلی»")


@pytest.mark.parametrize(("pressed", "kept"), [("🗑 حذف این فایل", 0), ("بله، شناسنامه", 2)])
def test_whoever_answers_for_one_of_two_files_sees_that_the_other_is_asked_about(
    app: App, pressed: str, kept: int
) -> None:
    """Both were sent again for want of an answer: the questions about them are the same words."""
    person = at_papers(app, sides=2)
    for content in ("front", "back") * 2:
        person.upload(content=content)
    before = person.sees(
        "همین فایل را برای «تصویر کارت ملی", "پس از این، درباره ۱ فایل دیگر هم می‌پرسیم."
    ).text
    person.tap(pressed).sees("همین فایل را برای «تصویر کارت ملی")
    assert person.text != before
    assert "فایل دیگر" not in person.text
    assert (t("doc.removed") in person.text) == (kept == 0)
    person.tap(pressed)
    assert len(sent(person, BIRTH)) == kept


def test_the_same_file_twice_is_kept_once(app: App) -> None:
    person = at_papers(app, sides=2).upload("a.pdf", content="same").upload("b.pdf", content="same")
    person.sees(t("doc.twice_same"), "پشت «کارت ملی»")
    assert sent(person, CARD) == ["a.pdf"]
    person.upload("c.pdf", content="other").sees("📎 «تصویر شناسنامه»")


@pytest.mark.parametrize(
    ("name", "caption", "hinted"),
    [
        ("کارت ملی.pdf", None, False),
        ("scan0001.pdf", None, True),
        ("scan0001.pdf", "کارت ملی", False),
        (None, None, False),
    ],
)
def test_a_name_that_says_nothing_is_remarked_upon(
    app: App, name: str | None, caption: str | None, hinted: bool
) -> None:
    person = at_papers(app).upload(name, caption=caption).sees("📎 «تصویر شناسنامه»")
    assert (t("doc.name_hint") in person.text) == hinted


def test_a_document_that_is_moved_to_a_full_one_stays(app: App) -> None:
    person = at_papers(app).upload("a.jpg").upload("b.jpg").upload("p.jpg").tap("آری", "✏️ کارت ملی")
    person.tap("🔁 جایگزینی").upload("عکس پرسنلی.jpg").tap("نه، عکس").sees(
        "حداکثر ۱ فایل", "این فایل کدام مدرک است؟"
    )
    person.tap("🗑 حذف این فایل").sees("📎 «تصویر کارت ملی")


# ── whose files ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_document_belongs_to_who_sent_it(app: App) -> None:
    person, other = at_papers(app).upload("a.pdf"), at_papers(app).upload("b.pdf").tap("بازگشت")
    (number,) = person.answers[CARD.key]
    assert app.get(StoredFile, number).account_id == person.account.id
    app.change(Draft, other.draft.id, answers={CARD.key: [number, *other.answers[CARD.key]]})
    other.type("متن").sees("b.pdf").sees_not("a.pdf")


def test_a_removed_document_is_marked_unless_it_was_submitted(app: App) -> None:
    person = at_papers(app).upload("a.pdf")
    (number,) = person.answers[CARD.key]
    person.tap("بازگشت", "🗑 حذف").sees("فایل حذف شد", "📎 «تصویر کارت ملی")
    assert sent(person, CARD) == []
    assert app.get(StoredFile, number).removed_at is not None


# ── pictures that nobody can read ────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("blurred:1", "تصویر تار است"),
        ("dark:1", "تاریک است"),
        ("glare:1", "بازتاب نور"),
        ("small:1", "کوچک است"),
        ("blurred 2,5:1", "صفحه ۲ و ۵: ⚠️ تصویر تار است"),
        ("empty:1", "در هیچ صفحه این فایل نوشته‌ای دیده نمی‌شود"),
    ],
)
def test_a_picture_that_nobody_can_read_is_named_at_once_and_taken_all_the_same(
    app: App, content: str, words: str
) -> None:
    person = at_papers(app).upload(content=content).sees("📎 «تصویر کارت ملی", words, "📷 دوباره می‌فرستم")
    person.tap("همین را بفرست").sees("📎 «تصویر شناسنامه»")
    (number,) = person.answers[CARD.key]
    assert app.get(StoredFile, number).quality_warning == content.partition(":")[0]


@pytest.mark.parametrize("presses", [True, False])
def test_a_better_picture_takes_its_place_with_or_without_the_button(app: App, presses: bool) -> None:
    person = at_papers(app).upload(content="blurred:1")
    (bad,) = person.answers[CARD.key]
    if presses:
        person.tap("📷 دوباره می‌فرستم").sees("📎 «تصویر کارت ملی (رو و پشت)» را بفرستید")
    person.upload("good.jpg").sees("📎 «تصویر شناسنامه»")
    assert sent(person, CARD) == ["good.jpg"]
    assert app.get(StoredFile, bad).removed_at is not None


def test_of_an_album_only_the_unreadable_picture_is_asked_about(app: App) -> None:
    person = at_papers(app, sides=2).upload(content="blurred:1", album="x").upload("2.jpg", album="x")
    person.sees("۱. ⚠️ تصویر تار است").tap("📷 دوباره می‌فرستم").sees("پشت «کارت ملی»").upload("new.jpg")
    person.sees("📎 «تصویر شناسنامه»")
    assert sent(person, CARD) == ["2.jpg", "new.jpg"]


def test_the_end_of_an_album_that_nobody_can_read_is_asked_about_where_it_belongs(app: App) -> None:
    person = at_papers(app).upload("1.jpg", album="x").upload(content="dark:1", album="x")
    person.sees("📎 «تصویر کارت ملی", "۲. ⚠️ تصویر تاریک است").tap("همین را بفرست").sees("📎 «تصویر شناسنامه»")
    assert len(sent(person, CARD)) == 2


def test_the_other_side_may_be_unreadable_too(app: App) -> None:
    person = at_papers(app, sides=2).upload(content="blurred:1").tap("همین را بفرست").sees("پشت «کارت ملی»")
    person.upload(content="dark:1").sees("۲. ⚠️ تصویر تاریک است").upload("back.jpg").sees(
        "📎 «تصویر شناسنامه»"
    )
    assert len(sent(person, CARD)) == 2


def test_an_unreadable_picture_where_one_lies_is_asked_about_in_both_ways(app: App) -> None:
    person = at_papers(app).upload("old.jpg").upload("b.jpg").upload("p.jpg").tap("آری", "✏️ کارت ملی")
    person.upload(content="blurred:1").sees("تصویر تار است").tap("همین را بفرست").sees(
        "صفحه دیگر همین مدرک است؟"
    )
    person.tap("🔁 جای فایل قبلی").sees(SUMMARY, "تصویر کارت ملی (رو و پشت): ۱ فایل")


def test_where_it_belongs_is_asked_before_whether_it_can_be_read(app: App) -> None:
    person = at_papers(app).upload("شناسنامه.jpg", content="blurred:1").sees("این فایل کدام مدرک است؟")
    person.tap("بله، کارت ملی").sees("تصویر تار است").tap("همین را بفرست").sees("📎 «تصویر شناسنامه»")
