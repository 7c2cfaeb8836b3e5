"""The question for attachments, as staff meet it: files are added and taken out until «ادامه»."""

from bot.texts import t
from conversations.engine.declaration import Step
from conversations.questions import Attachments
from conversations.questions.uploads.files import DEBOUNCE_SECONDS
from storage.tables import StoredFile
from tests.support.chat_driver import App, Person
from tests.support.chat_people import at_dialogue

MORE, ON, REMOVE = t("doc.send_more"), t("letters.files_done"), t("doc.remove")


def at_attachments(app: App) -> Person:
    """At a question that takes two files."""
    return at_dialogue(app, Step("x", Attachments("پیوست نامه", 2, done="letters.files_done"), label="پیوست"))


def names(app: App) -> list[str | None]:
    """Of the files that the dialogue ended with."""
    assert len(app.finished) == 1
    return [app.get(StoredFile, file_id).original_name for file_id in app.finished[0]["x"]]


def test_files_are_added_up_to_the_limit(app: App) -> None:
    person = at_attachments(app).sees("📎 «پیوست نامه» را بفرستید").sees_not(ON, REMOVE)
    person.upload("a.jpg").sees("فایل‌های دریافت‌شده:\n۱. a.jpg", MORE, ON, REMOVE)
    person.upload("b.jpg").sees("۱. a.jpg\n۲. b.jpg", ON).sees_not(MORE)
    person.upload("c.jpg").sees("حداکثر ۲ فایل پذیرفته می‌شود").sees_not("c.jpg").tap(ON)
    assert names(app) == ["a.jpg", "b.jpg"]


def test_the_same_file_twice_is_one(app: App) -> None:
    person = at_attachments(app).upload("a.jpg", content="1").upload("again.jpg", content="1")
    person.sees("این فایل را پیش‌تر فرستاده‌اید", "۱. a.jpg", MORE).sees_not("again.jpg").tap(ON)
    assert names(app) == ["a.jpg"]


def test_one_of_several_is_chosen_to_be_taken_out(app: App) -> None:
    person = at_attachments(app).upload("a.jpg").upload("b.jpg").tap(REMOVE).sees("کدام فایل حذف شود؟")
    person.sees("۱. a.jpg", "۲. b.jpg").sees_not(ON).tap("هیچ‌کدام").sees("۱. a.jpg\n۲. b.jpg", ON)
    person.tap(REMOVE, "۱. a.jpg").sees("فایل حذف شد", "۱. b.jpg", MORE).tap(ON)
    assert names(app) == ["b.jpg"]


def test_the_only_one_is_taken_out_at_once(app: App) -> None:
    person = at_attachments(app).upload("a.jpg").tap(REMOVE).sees("فایل حذف شد", "📎 «پیوست نامه» را بفرستید")
    person.sees_not(ON).upload("b.jpg").tap(ON)
    assert names(app) == ["b.jpg"]


def test_an_album_is_answered_once(app: App) -> None:
    person = at_attachments(app)
    quiet = []
    for name, album in (("a.jpg", None), ("b.jpg", "x"), ("b.jpg", "x")):
        person.upload(name, album=album, content=name)
        assert person.answer is not None
        quiet.append(person.answer.quiet)
    assert quiet == [None, DEBOUNCE_SECONDS, DEBOUNCE_SECONDS]
    person.sees("۱. a.jpg\n۲. b.jpg")
