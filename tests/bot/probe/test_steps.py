"""Steps of the probe against a messenger that answers as told: each thing that may come, and what the report says of it."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any, cast

import httpx
import pytest

from bot.config.settings import BadSettingError, MessengerSettings
from bot.probe import automatic, messenger, person
from bot.probe.bot_api import Answer, BotApi
from bot.probe.facts import Facts
from bot.probe.messenger import Step, begin
from bot.probe.report import Report
from storage.enums import Messenger
from tests.bot.probe.scripted import CHAT, ScriptedMessenger, lines, probe_of, refusal

KINDS = [Messenger.TELEGRAM, Messenger.BALE]
SENDER = {"id": CHAT, "is_bot": False, "first_name": "س"}
OTHERS = {"id": 6, "is_bot": False, "first_name": "ع"}


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(messenger, "COLLECT", 0.0)
    monkeypatch.setattr(person, "PAUSE", 0.0)


def message(**fields: Any) -> dict[str, Any]:
    chat = {"id": CHAT, "type": "private", "first_name": "س"}
    return {"message_id": 9, "date": 1_700_000_000, "chat": chat, "from": SENDER, **fields}


def updates(*messages: dict[str, Any], kind: str = "message", first: int = 70) -> list[dict[str, Any]]:
    return [{"update_id": first + number, kind: one} for number, one in enumerate(messages)]


@pytest.mark.parametrize(
    ("samples", "expected", "line"),
    [
        ([], "sometimes", "– files: nothing came that could have it (expected: sometimes)"),
        ([True, True], "always", "✓ files: always (2 of 2)"),
        ([True, False, True], "always", "✗ files: sometimes (2 of 3) (expected: always)"),
        ([False], "always", "✗ files: never (0 of 1) (expected: always)"),
        ([False], "never", "✓ files: never (0 of 1)"),
        ([True], "never", "✗ files: always (1 of 1) (expected: never)"),
        ([True], "sometimes", "✓ files: always (1 of 1)"),
    ],
)
def test_what_is_there_only_sometimes_is_settled_after_all_samples(
    samples: list[bool], expected: str, line: str
) -> None:
    report = Report("bale")
    facts = Facts("bale", report)
    facts._values["file_unique_id"] = expected
    for there in samples:
        facts.sample("file_unique_id", there)
    facts.settle("file_unique_id", "files")
    assert [str(one) for one in report.findings] == [line]


async def told(
    kind: Messenger, step: Step, *came: dict[str, Any], wait: float = 30, **answers: Any
) -> tuple[list[str], ScriptedMessenger]:
    """What the report says where these updates come after the request."""
    script = ScriptedMessenger(**({"getUpdates": [list(came), []], "sendMessage": message()} | answers))
    probe = probe_of(kind, script, wait=wait)
    await probe.run([step])
    return lines(probe), script


async def nobody(step: Step) -> list[str]:
    return (await told(Messenger.TELEGRAM, step, wait=0.001))[0]


@pytest.mark.parametrize(
    ("typed", "entities", "says"),
    [
        ("/start probe_1", [{"type": "bot_command", "offset": 0, "length": 6}], []),
        (
            "/start",
            [],
            [
                "✗ the text of a start by a link: /start without it (expected: /start with the payload)",
                "✗ the entity of a command: False (expected: True)",
            ],
        ),
        (
            "سلام",
            [{"type": "bold", "offset": 0, "length": 2}, {"type": "bot_command", "offset": 0, "length": 2}],
            ["✗ the text of a start by a link: another text (expected: /start with the payload)"],
        ),
    ],
)
@pytest.mark.parametrize(("kind", "root"), [(KINDS[0], "t.me"), (KINDS[1], "ble.ir")])
async def test_a_start_by_a_link(
    kind: Messenger, root: str, typed: str, entities: list[Any], says: list[str]
) -> None:
    other = message(photo=[])
    came = updates(other, message(text=typed, entities=entities))
    found, script = await told(kind, person.start, *came)
    assert [line for line in found if line.startswith("✗")] == says
    assert len(found) == 2, "one message is looked at"
    (asked,) = script.asked("sendMessage")
    assert asked["chat_id"] == str(CHAT)
    assert asked["text"].endswith(f"https://{root}/probe_bot?start=probe_1")
    assert "reply_markup" not in asked


async def test_nobody_did_it(capsys: pytest.CaptureFixture[str]) -> None:
    for step in (person.start, person.contact, person.document, person.photos, person.edit, person.press):
        (found,) = await nobody(step)
        assert found.startswith("– ")
        assert found.endswith(": nobody did it in time (expected: an update)")
    said = capsys.readouterr().out.splitlines()
    assert said[0] == "  waiting for a start by a link (0 s); the bot says in the chat what to do"
    assert len(said) == 12


def presses(
    kind: Messenger, *ids: str, data: str = "probe", instance: str | None = "c"
) -> list[dict[str, Any]]:
    queries = [{"id": one, "from": SENDER, "message": message(text="x"), "data": data} for one in ids]
    for query in queries:
        if instance is not None:
            query["chat_instance"] = instance
    return updates(*queries, kind="callback_query")


AS_SENT = ["✓ answerCallbackQuery: done", "✓ data of the button: as sent"]


async def test_a_pressed_button_on_telegram() -> None:
    found, script = await told(KINDS[0], person.press, *presses(KINDS[0], "11", "12"))
    assert found == AS_SENT * 2
    assert [one["callback_query_id"] for one in script.asked("answerCallbackQuery")] == ["11", "12"]
    assert '"callback_data": "probe"' in script.asked("sendMessage")[0]["reply_markup"]
    assert "url" not in script.asked("sendMessage")[0]["reply_markup"]
    found, _ = await told(
        KINDS[0], person.press, *presses(KINDS[0], "11", data="x"), answerCallbackQuery=refusal(400)
    )
    assert found == [
        "✗ answerCallbackQuery: 400 Bad Request (expected: it is carried out)",
        "✗ data of the button: other (expected: as sent)",
    ]


async def test_a_pressed_button_on_bale() -> None:
    """The id of a press tells whether the client is old."""
    found, _ = await told(KINDS[1], person.press, *presses(KINDS[1], "21", "11"))
    assert found == [
        *AS_SENT,
        "✓ the id of a press: so",
        *AS_SENT,
        "✗ the id of a press: begins with 1 (expected: not with 1, unless the client is old)",
    ]


async def test_how_often_the_instance_of_a_chat_comes() -> None:
    for instances, word in (
        ("cc", "always (2 of 2)"),
        ("c-", "sometimes (1 of 2)"),
        ("--", "never (0 of 2)"),
    ):
        came = [
            *presses(KINDS[0], "1", instance="c" if instances[0] == "c" else None),
            *presses(KINDS[0], "2", instance="c" if instances[1] == "c" else None),
        ]
        script = ScriptedMessenger(getUpdates=[came], sendMessage=message())
        probe = probe_of(KINDS[1], script, wait=30)
        await probe.run([person.press])
        probe.facts.settle("chat_instance", "chat_instance of a pressed button")
        assert lines(probe)[-1] == f"✓ chat_instance of a pressed button: {word}"


@pytest.mark.parametrize(
    ("card", "says"),
    [
        (
            {"user_id": CHAT, "phone_number": "+98912"},
            ["✓ the owner of an own contact: True", "✓ how a contact's number begins: +98"],
        ),
        (
            {"user_id": 6, "phone_number": "98912"},
            [
                "✗ the owner of an own contact: False (expected: True)",
                "✗ how a contact's number begins: 98 (expected: +98)",
            ],
        ),
        (
            {"phone_number": "0912"},
            [
                "✗ the owner of an own contact: False (expected: True)",
                "✗ how a contact's number begins: 0 (expected: +98)",
            ],
        ),
        (
            {"user_id": CHAT, "phone_number": "912"},
            [
                "✓ the owner of an own contact: True",
                "✗ how a contact's number begins: otherwise (expected: +98)",
            ],
        ),
    ],
)
async def test_the_own_contact(card: dict[str, Any], says: list[str]) -> None:
    contact = {"first_name": "س"} | card
    found, script = await told(KINDS[0], person.contact, *updates(message(contact=contact)))
    assert found == says
    first, thanks = script.asked("sendMessage")
    assert "request_contact" in first["reply_markup"]
    assert thanks["reply_markup"] == '{"remove_keyboard": true}'


async def test_the_contact_of_somebody_else() -> None:
    for owner, says in (
        ({"user_id": 6}, "✓ the owner of another's contact: not the sender's"),
        ({}, "✓ the owner of another's contact: not the sender's"),
        ({"user_id": CHAT}, "✗ the owner of another's contact: the sender's (expected: not the sender's)"),
    ):
        card = {"first_name": "ع", "phone_number": "1"} | owner
        found, _ = await told(KINDS[0], person.other_contact, *updates(message(contact=card)))
        assert found == [says]


async def test_a_document_that_a_person_sends() -> None:
    document = {"file_id": "f", "file_unique_id": "u", "file_size": 3}
    for lacking, content, says in (
        (set(), b"abc", ["✓ a document that was sent to the bot: fetched", "✓ files: always (1 of 1)"]),
        (
            {"file_unique_id"},
            b"",
            [
                "✗ a document that was sent to the bot: refused (expected: it is fetched)",
                "✗ files: never (0 of 1) (expected: always)",
            ],
        ),
        (
            {"file_size"},
            None,
            [
                "✗ a document that was sent to the bot: refused (expected: it is fetched)",
                "✗ files: never (0 of 1) (expected: always)",
            ],
        ),
    ):
        given = {name: value for name, value in document.items() if name not in lacking}
        script = ScriptedMessenger(
            getUpdates=[updates(message(document=given))],
            sendMessage=message(),
            getFile=lambda fields: {"file_path": f"documents/{fields['file_id']}"},
        )
        if content is not None:
            script.files["documents/f"] = content
        probe = probe_of(KINDS[0], script, wait=30)
        await probe.run([person.document])
        probe.facts.settle("file_unique_id", "files")
        assert [line for line in lines(probe) if "is read by the product" not in line] == says


def photo(group: str | None, *, whole: bool = True) -> dict[str, Any]:
    sizes = [{"file_id": "f", "width": 1, "height": 1, **({"file_unique_id": "u"} if whole else {})}]
    return message(photo=sizes, **({"media_group_id": group} if group else {}))


@pytest.mark.parametrize(
    ("groups", "says"),
    [
        (("g", "g"), "✓ an album of two photos: one media_group_id"),
        (("g", "h"), "✗ an album of two photos: 2 messages, 2 media_group_id (expected: one media_group_id)"),
        (
            (None, None),
            "✗ an album of two photos: 2 messages, 0 media_group_id (expected: one media_group_id)",
        ),
        (("g",), "✗ an album of two photos: 1 messages, 1 media_group_id (expected: one media_group_id)"),
        (
            ("g", "g", "g"),
            "✗ an album of two photos: 3 messages, 1 media_group_id (expected: one media_group_id)",
        ),
    ],
)
async def test_an_album_of_photos(groups: tuple[str | None, ...], says: str) -> None:
    found, _ = await told(KINDS[0], person.photos, *updates(*map(photo, groups)))
    assert found == [says]


async def test_photos_without_their_measures() -> None:
    came = updates(photo("g"), photo("g", whole=False))
    script = ScriptedMessenger(getUpdates=[came], sendMessage=message())
    probe = probe_of(KINDS[1], script, wait=30)
    await probe.run([person.photos])
    probe.facts.settle("file_unique_id", "files")
    assert lines(probe)[-1] == "✓ files: sometimes (1 of 2)"


async def test_voice_sticker_and_forward() -> None:
    voice = {"file_id": "f", "file_unique_id": "u"}
    for given, says in (
        (voice, "✓ the duration of a voice message: False"),
        (voice | {"duration": 1}, "✗ the duration of a voice message: True (expected: False)"),
    ):
        assert (await told(KINDS[1], person.voice, *updates(message(voice=given))))[0] == [says]
    sticker = voice | {"width": 1, "height": 1}
    for given, says in (
        (sticker, "✓ whether a sticker is animated: False"),
        (sticker | {"is_animated": False}, "✗ whether a sticker is animated: True (expected: False)"),
    ):
        assert (await told(KINDS[1], person.sticker, *updates(message(sticker=given))))[0] == [says]
    card = {"contact": {"first_name": "ع", "phone_number": "1"}}
    origin = {"type": "user", "date": 1, "sender_user": OTHERS}
    for marked, says in (
        ({"forward_origin": origin}, "✓ how a forwarded message is marked: forward_origin"),
        (
            {"forward_from": OTHERS},
            "✗ how a forwarded message is marked: forward_from (expected: forward_origin)",
        ),
        ({}, "✗ how a forwarded message is marked: neither (expected: forward_origin)"),
    ):
        assert (await told(KINDS[0], person.forward, *updates(message(**card, **marked))))[0] == [says]


async def test_an_edited_message() -> None:
    written, edited = message(text="یک"), message(text="دو", edit_date=1_700_000_001)
    came = [*updates(written), *updates(edited, kind="edited_message", first=80)]
    found, script = await told(KINDS[0], person.edit, *came)
    assert found == ["✓ the date of an edit: edit_date", "✓ a person's message deleted by the bot: done"]
    assert script.asked("deleteMessage") == [{"chat_id": str(CHAT), "message_id": "9"}]
    came = updates(message(text="دو"), kind="edited_message")
    found, _ = await told(KINDS[0], person.edit, *came, deleteMessage=refusal(400))
    assert found == [
        "✗ the date of an edit: none (expected: edit_date)",
        "✗ a person's message deleted by the bot: 400 Bad Request (expected: it is carried out)",
    ]


BLOCKED = refusal(403, "Forbidden: bot was blocked by the user")


async def test_a_person_who_blocks_the_bot(capsys: pytest.CaptureFixture[str]) -> None:
    found, script = await told(
        KINDS[0], person.block, sendChatAction=[True, True, BLOCKED], sendMessage=[message(), BLOCKED]
    )
    assert found == [
        "✓ the code of a person who has blocked the bot: 403",
        "✓ a person who has blocked the bot, as the product reads it: a chat that cannot be written to",
    ]
    assert script.asked("sendChatAction") == [{"chat_id": str(CHAT), "action": "typing"}] * 3
    assert "  waiting until the bot is blocked (30 s); unblock it afterwards" in capsys.readouterr().out
    other = refusal(400, "Bad Request: message is too long")
    found, _ = await told(KINDS[0], person.block, sendChatAction=other, sendMessage=[message(), other])
    assert found == [
        "✗ the code of a person who has blocked the bot: 400 (expected: 403)",
        "✗ a person who has blocked the bot, as the product reads it: another error (expected: a chat that cannot be written to)",
    ]
    found, script = await told(KINDS[1], person.block, wait=0.0)
    assert found == ["– a person who has blocked the bot: nobody did it in time (expected: 403)"]
    assert len(script.asked("sendChatAction")) == len(script.asked("sendMessage")) == 1


async def automatically(kind: Messenger, step: Step, **answers: Any) -> tuple[list[str], ScriptedMessenger]:
    script = ScriptedMessenger(**answers)
    probe = probe_of(kind, script)
    await probe.run([step])
    return lines(probe), script


async def test_errors_that_do_not_come() -> None:
    """A token that does not fit is taken, and so is a method that there is not."""
    found, script = await automatically(KINDS[0], automatic.errors, sendMessage=message())
    assert found == [
        "✗ a wrong token: done (expected: it is refused)",
        "✗ a method that there is not: done (expected: it is refused)",
        "✗ a chat that there never was: done (expected: it is refused)",
        "✗ a chat that there never was, as the product reads it: another error (expected: a chat that cannot be written to)",
        "✓ the HTTP status of an error: own",
        "✓ a parameter that there is not: taken",
    ]
    nobody, there = script.asked("sendMessage")
    assert nobody == {"chat_id": "999999999999", "text": "x"}
    assert there == {"chat_id": str(CHAT), "text": "آزمایش", "no_such_parameter": "1"}


async def test_an_error_with_another_status() -> None:
    unknown = refusal(404, "no such group or user", status=200)
    found, _ = await automatically(KINDS[1], automatic.errors, sendMessage=[unknown, refusal(400)])
    assert "✗ the HTTP status of an error: 200 (expected: own)" in found
    assert "✓ a chat that there never was, as the product reads it: a chat that cannot be written to" in found
    assert "✗ a parameter that there is not: refused (expected: taken)" in found


async def test_a_text_in_another_shape() -> None:
    sent = message(photo=None)
    del sent["from"], sent["message_id"]
    sent["date"] = 10**11
    found, _ = await automatically(KINDS[0], automatic.texts, sendMessage=sent)
    assert found == [
        "✗ fields of sendMessage: without message_id, text (expected: message_id, date, chat, text)",
        "✓ dates: seconds",
        "✓ the photo of a chat without one: absent",
        "✗ the photo of a message without one: null (expected: absent)",
        "✗ Texts, buttons and edits: KeyError: 'message_id' (expected: an answer that can be read)",
    ]
    sent = message(text="x", photo=[])
    sent["chat"] |= {"photo": {}}
    sent["date"] = 10**11 + 1
    found, script = await automatically(
        KINDS[0], automatic.texts, sendMessage=sent, editMessageText=[{"text": "x"}, refusal(400), True]
    )
    assert found == [
        "✓ fields of sendMessage: all are there",
        "✗ dates: milliseconds (expected: seconds)",
        "✓ the photo of a chat without one: absent",
        "✓ the photo of a message without one: absent",
        "✓ the answer of an edit: message",
        "✓ an edit that changes nothing: refused",
        "✓ editMessageReplyMarkup: done",
        "✓ deleteMessage: done",
        "✗ an edit of a deleted message: done (expected: it is refused)",
    ]
    where = {"chat_id": str(CHAT), "message_id": "9"}
    assert script.asked("deleteMessage") == [where]
    (markup,) = script.asked("editMessageReplyMarkup")
    assert markup["reply_markup"].count("text") == 1
    assert [one["text"] for one in script.asked("editMessageText")] == [*["آزمایش ۲، ویرایش‌شده"] * 2, "نیست"]


async def test_limits_that_are_others() -> None:
    def answer(fields: dict[str, Any]) -> Any:
        return refusal(400) if len(fields["text"]) == 4096 else message(text="x")

    found, script = await automatically(KINDS[0], automatic.limits, sendMessage=message(text="x"))
    assert found == [
        "✗ a text of 4097 characters: done (expected: it is refused)",
        "✗ callback_data of 65 bytes: done (expected: it is refused)",
        "✗ an empty text: done (expected: it is refused)",
        "✓ a text of 4096 characters: done",
        "✓ callback_data of 64 bytes: done",
        "✗ an answer to a press that there was not: done (expected: it is refused)",
    ]
    long, wide, empty, longest, widest = script.asked("sendMessage")
    assert [len(one["text"]) for one in (long, empty, longest)] == [4097, 0, 4096]
    assert ["x" * number + '"' in one["reply_markup"] for one, number in ((wide, 65), (widest, 64))] == [
        True
    ] * 2
    assert "x" * 65 not in widest["reply_markup"]
    assert script.asked("deleteMessage") == [{"chat_id": str(CHAT), "message_id": "9"}]
    found, _ = await automatically(KINDS[0], automatic.limits, sendMessage=answer)
    assert found[3:] == [
        "✗ Lengths, at their bound and one above: 400 Bad Request (expected: it is carried out)"
    ]


DOCUMENT = {"file_id": "f", "file_unique_id": "u", "file_size": 9}


def of_files(widths: list[int | None], *, content: bytes | None, by_id: bytes | None) -> ScriptedMessenger:
    sizes = [{"file_id": "p", "file_unique_id": "u", "width": width} for width in widths]
    script = ScriptedMessenger(
        sendDocument=message(document=DOCUMENT),
        getFile={"file_path": "path"},
        sendPhoto=message(photo=sizes),
        sendMediaGroup=[[message(), message()]],
    )
    script.files = {name: given for name, given in (("path", content), ("f", by_id)) if given is not None}
    return script


async def test_files_that_are_fetched_and_sent_again() -> None:
    pdf = automatic.PDF
    for content, says in (
        (pdf, "✓ a file that is fetched: the same bytes"),
        (b"abc", "✗ a file that is fetched: 3 other bytes (expected: the same bytes)"),
        (None, "✗ a file that is fetched: refused (expected: the same bytes)"),
    ):
        script = of_files([90, 320], content=content, by_id=None)
        probe = probe_of(KINDS[0], script)
        await probe.run([automatic.files])
        assert lines(probe) == [
            says,
            "✓ a file is fetched by its id: False",
            "✓ a document by its id: done",
            "✓ a file id in a JSON body: taken",
            "✓ sizes of a photo: small to large",
            "✓ an album of two documents: 2 messages",
        ]
    first, again, as_json = script.asked("sendDocument")
    assert (first["document"], len(first["caption"])) == (pdf, 1024)
    assert (again["document"], as_json) == ("f", {"chat_id": CHAT, "document": "f"})
    (album,) = script.asked("sendMediaGroup")
    assert (album["file1"], album["file2"]) == (pdf + bytes(1), pdf + bytes(2))
    assert "attach://file2" in album["media"]


@pytest.mark.parametrize(
    ("widths", "says"),
    [
        ([90, 320, 320], "✓ sizes of a photo: small to large"),
        ([320, 90], "✗ sizes of a photo: [320, 90] (expected: small to large)"),
        ([320, None], "✓ sizes of a photo: small to large"),
    ],
)
async def test_the_sizes_of_a_photo(widths: list[int | None], says: str) -> None:
    script = of_files(widths, content=automatic.PDF, by_id=automatic.PDF)
    script.answers["sendMediaGroup"] = [[message()]]
    probe = probe_of(KINDS[1], script)
    await probe.run([automatic.files])
    assert "✓ a file is fetched by its id: True" in lines(probe)
    assert lines(probe)[-2:] == [
        says,
        "✗ an album of two documents: 1 messages (expected: two messages)",
    ]


async def test_whether_files_name_themselves() -> None:
    """Both of them, the document and the photo, with an id; the document with its size too."""
    for lacking, of_photo, word in (
        ((), ({"file_unique_id": "u"},), "always (2 of 2)"),
        (("file_size",), ({"file_unique_id": "u"},), "sometimes (1 of 2)"),
        (("file_unique_id",), ({"file_unique_id": "u"}, {}), "never (0 of 2)"),
    ):
        given = {name: value for name, value in DOCUMENT.items() if name not in lacking}
        script = of_files([], content=None, by_id=None)
        script.answers |= {
            "sendDocument": message(document=given),
            "sendPhoto": message(photo=list(of_photo)),
        }
        probe = probe_of(KINDS[1], script)
        await probe.run([automatic.files])
        probe.facts.settle("file_unique_id", "files")
        assert lines(probe)[-1] == f"✓ files: {word}"


async def test_the_profile_of_the_bot() -> None:
    """What stands is set again; on Telegram the commands are those of the tester's chat alone, and are taken away."""
    texts = {"getMyDescription": {"description": "ربات"}, "getMyShortDescription": refusal(404)}
    found, script = await automatically(KINDS[0], automatic.profile, **texts, setMyDescription=refusal(400))
    assert found == [
        "✓ deleteMyCommands: done",
        "✓ setMyCommands: done",
        "✗ setMyDescription: False (expected: True)",
        "✓ setMyShortDescription: True",
    ]
    assert script.asked("setMyDescription") == [{"description": "ربات"}]
    assert script.asked("setMyShortDescription") == [{"short_description": ""}]
    assert all(str(CHAT) in one["scope"] for one in script.asked("setMyCommands"))
    texts |= {"getMyDescription": {}, "setMyShortDescription": refusal(404)}
    found, script = await automatically(KINDS[1], automatic.profile, **texts)
    assert found == [
        "✓ setMyCommands: done",
        "✗ setMyDescription: True (expected: False)",
        "✓ setMyShortDescription: False",
    ]
    assert script.asked("setMyDescription") == [{"description": ""}]
    assert not script.asked("deleteMyCommands")
    assert "scope" not in script.asked("setMyCommands")[0]


CONFLICT = refusal(409, "Conflict")


@pytest.mark.parametrize(
    ("first", "second", "hooked", "says"),
    [
        ([], CONFLICT, CONFLICT, ["✓ a second poller: 409 to one of them", None]),
        (CONFLICT, [], CONFLICT, ["✓ a second poller: 409 to one of them", None]),
        (
            [],
            [],
            [],
            [
                "✗ a second poller: both get updates (expected: 409 to one of them)",
                "✗ getUpdates while a webhook is set: done (expected: 409)",
            ],
        ),
        (
            refusal(500),
            CONFLICT,
            refusal(400),
            [
                "✗ a second poller: [409, 500] (expected: 409 to one of them)",
                "✗ getUpdates while a webhook is set: 400 Bad Request (expected: 409)",
            ],
        ),
    ],
)
async def test_two_pollers(
    first: Any, second: Any, hooked: Any, says: list[str | None], monkeypatch: pytest.MonkeyPatch
) -> None:
    slept = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        while len(script.calls) < 1:
            await asyncio.sleep(0)

    monkeypatch.setattr(automatic, "asyncio", SimpleNamespace(create_task=asyncio.create_task, sleep=sleep))
    script = ScriptedMessenger(getUpdates=[first, second, hooked])
    probe = probe_of(KINDS[0], script)
    await probe.run([automatic.polling])
    assert slept == [1], "the second comes while the first one waits"
    poller, webhook = says
    assert lines(probe) == [
        poller,
        "✓ setWebhook and deleteWebhook: done",
        webhook or "✓ getUpdates while a webhook is set: 409 Conflict",
    ]
    assert [one for one, _ in script.calls] == [
        *["getUpdates"] * 2,
        "setWebhook",
        "getUpdates",
        "deleteWebhook",
    ]
    assert [one["timeout"] for one in script.asked("getUpdates")] == ["5", "0", "0"]
    assert all("offset" not in one for one in script.asked("getUpdates"))


async def test_what_was_read_is_not_asked_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    async def sleep(seconds: float) -> None:
        await asyncio.sleep(0)

    monkeypatch.setattr(automatic, "asyncio", SimpleNamespace(create_task=asyncio.create_task, sleep=sleep))
    script = ScriptedMessenger(getUpdates=[[]])
    probe = probe_of(KINDS[0], script)
    probe.offset = 71
    await probe.run([automatic.polling])
    assert [one["offset"] for one in script.asked("getUpdates")] == ["71"] * 3


def too_many(**parameters: Any) -> httpx.Response:
    body = {"ok": False, "error_code": 429, "description": "Too Many Requests"}
    return httpx.Response(429, json=body | ({"parameters": parameters} if parameters else {}))


@pytest.mark.parametrize(
    ("answer", "wait", "says", "rests"),
    [
        (too_many(retry_after=7), 1, "✓ the refusal after 1 messages: 429, retry_after", [7]),
        (too_many(retry_after=900), 1, "✓ the refusal after 1 messages: 429, retry_after", [60]),
        (too_many(retry_after=7), 0, "✓ the refusal after 1 messages: 429, retry_after", []),
        (too_many(), 1, "✗ the refusal after 1 messages: 429, bare (expected: 429, retry_after)", [10]),
        (
            httpx.Response(429, text="slow down"),
            1,
            "✗ the refusal after 1 messages: 429, text (expected: 429, retry_after)",
            [10],
        ),
        (
            httpx.Response(400, json={"ok": False, "error_code": 400, "parameters": {"retry_after": 3}}),
            1,
            "✗ the refusal after 1 messages: 400, retry_after (expected: 429, retry_after)",
            [3],
        ),
    ],
)
async def test_a_flood_that_is_refused(
    answer: httpx.Response, wait: float, says: str, rests: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    monkeypatch.setattr(automatic, "asyncio", SimpleNamespace(create_task=asyncio.create_task, sleep=sleep))
    script = ScriptedMessenger(sendMessage=[message(), answer])
    probe = probe_of(KINDS[0], script, wait=wait)
    await probe.run([automatic.flood])
    assert lines(probe) == [says]
    assert slept == rests
    assert len(script.calls) == 2, "it ends with the first refusal"


async def test_a_flood_that_is_taken() -> None:
    found, script = await automatically(KINDS[1], automatic.flood, sendMessage=message())
    assert found == ["✗ 120 messages at once: all are taken (expected: 429)"]
    assert [one["text"] for one in script.asked("sendMessage")] == [str(number) for number in range(120)]
    found, _ = await automatically(KINDS[1], automatic.flood, sendMessage=too_many())
    assert found == ["✓ the refusal after 0 messages: 429, bare"]


async def test_large_files() -> None:
    sizes: list[int] = []

    class Counted:
        async def call(self, method: str, *, chat_id: int, files: dict[str, tuple[str, bytes]]) -> Answer:
            assert (method, chat_id) == ("sendDocument", CHAT)
            sizes.append(len(files["document"][1]) - len(automatic.PDF))
            body = {"ok": len(sizes) < 3, "error_code": 413, "description": "Too Large"}
            return Answer(200, body)

    probe = probe_of(KINDS[0], ScriptedMessenger())
    probe.api = cast(Any, Counted())
    await probe.run([automatic.large])
    assert lines(probe) == [
        "✓ an upload of 15 MB: done",
        "✓ an upload of 25 MB: done",
        "✗ an upload of 45 MB: 413 Too Large (expected: it is taken)",
    ]
    assert sizes == [15 * 2**20, 25 * 2**20, 45 * 2**20]


async def test_a_step_that_fails_does_not_end_the_others() -> None:
    async def refused(probe: Any) -> None:
        """Something.

        In more words."""
        await probe.send()

    async def silent(probe: Any) -> None:
        raise httpx.ReadTimeout("too late")

    async def faulty(probe: Any) -> None:
        raise ZeroDivisionError

    probe = probe_of(KINDS[0], ScriptedMessenger(sendMessage=refusal(400)))
    await probe.run([refused, silent])
    assert lines(probe) == [
        "✗ Something: 400 Bad Request (expected: it is carried out)",
        "✗ silent: ReadTimeout: too late (expected: an answer that can be read)",
    ]
    with pytest.raises(ZeroDivisionError):
        await probe.run([faulty])


async def test_how_updates_are_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Long, but no longer than is left; what was read is confirmed; the first ends it, unless several are wanted."""
    other, first, second = updates(message(voice={}), message(text="a"), message(text="b"))
    script = ScriptedMessenger(getUpdates=[[], [other], [first, second], []])
    probe = probe_of(KINDS[0], script)
    found = await probe.await_update(lambda one: "text" in one["message"], 300.0)
    assert found == [first, second]
    asked = script.asked("getUpdates")
    assert [one.get("offset") for one in asked] == [None, None, "71"]
    assert [(one["timeout"], one["limit"]) for one in asked] == [("10", "100")] * 3
    assert probe.offset == 73
    script = ScriptedMessenger(getUpdates=[[first], [second], [first]])
    probe = probe_of(KINDS[0], script)
    assert await probe.await_update(lambda one: True, 300.0) == [first]
    monkeypatch.setattr(messenger, "COLLECT", 2.5)
    script = ScriptedMessenger(getUpdates=[[first], [second], lambda fields: late()])

    def late() -> list[Any]:
        probe_time.append(10.0)
        return []

    probe_time = [0.0]
    monkeypatch.setattr(messenger, "time", SimpleNamespace(monotonic=lambda: sum(probe_time)))
    probe = probe_of(KINDS[0], script)
    assert await probe.await_update(lambda one: True, 300.0, several=True) == [first, second]
    assert [one["timeout"] for one in script.asked("getUpdates")] == ["10", "2", "2"]


@pytest.mark.parametrize(
    ("step", "several"),
    [(person.press, True), (person.photos, True), (person.start, False), (person.edit, False)],
)
async def test_what_may_come_twice_is_waited_for(
    step: Step, several: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second press, the rest of an album: they come with the next answer."""
    now = [0.0]

    def late(fields: dict[str, Any]) -> list[Any]:
        now[0] += 10.0
        return []

    monkeypatch.setattr(messenger, "COLLECT", 3.0)
    monkeypatch.setattr(messenger, "time", SimpleNamespace(monotonic=lambda: now[0]))
    query = {"id": "1", "from": SENDER, "message": message(text="x"), "chat_instance": "c", "data": "probe"}
    both = {"message": photo("g") | {"text": "/start probe_1"}, "edited_message": message(text="x")}
    came = (
        {"update_id": 70, **both} if step is not person.press else {"update_id": 70, "callback_query": query}
    )
    script = ScriptedMessenger(sendMessage=message(), getUpdates=[[came], [came | {"update_id": 71}], late])
    probe = probe_of(KINDS[0], script, wait=30)
    await probe.run([step])
    assert len(script.asked("getUpdates")) == (3 if several else 1)
    assert len([name for name in probe.report.shapes if name != "getMe"]) == 1, "the shape of the first"


async def test_the_client_of_the_probe() -> None:
    """The proxy of the environment is never used; the connections are closed at the end."""
    api = BotApi(MessengerSettings("1:x", "https://m.example", None, ""))
    assert (api._http.trust_env, api._http.timeout.read) == (False, 60.0)
    async with api:
        assert not api._http.is_closed
    assert api._http.is_closed
    script = ScriptedMessenger(getMe=True)
    probe = probe_of(KINDS[0], script)
    script.files["a/b"] = b"x"
    assert (await probe.api.download("a/b"), await probe.api.download("a/c")) == (b"x", None)
    await probe.api.call("getMe", a={"ب": 1}, b=["x"], c=1)
    await probe.api.call("getMe", as_json=True, a={"ب": 1})
    assert script.asked("getMe") == [{"a": '{"ب": 1}', "b": '["x"]', "c": "1"}, {"a": {"ب": 1}}]


async def test_what_is_of_others_ends_it() -> None:
    from_others = message(text="x") | {"chat": {"id": 6, "type": "private"}, "from": OTHERS}
    query = {"id": "1", "from": OTHERS, "message": from_others, "chat_instance": "c"}
    for kind, update in (
        (KINDS[0], {"update_id": 1, "message": from_others}),
        (KINDS[1], {"update_id": 1, "callback_query": query}),
        (KINDS[1], {"update_id": 1}),
    ):
        probe = probe_of(kind, ScriptedMessenger(getUpdates=[[update]]))
        name = kind.value.upper()
        with pytest.raises(BadSettingError, match=f"{name}_TOKEN: somebody else writes to this bot"):
            await probe.await_update(lambda one: True, 30.0)
        assert probe.offset == 0
    # Ours: in our chat, or by us in another.
    for ours in (
        {"update_id": 1, "message": from_others | {"from": SENDER}},
        {"update_id": 1, "message": from_others | {"chat": {"id": CHAT, "type": "private"}}},
        {"update_id": 1, "callback_query": query | {"message": message(text="x")}},
        {"update_id": 1, "callback_query": query | {"from": SENDER}},
    ):
        probe = probe_of(KINDS[0], ScriptedMessenger(getUpdates=[[ours]]))
        assert await probe.await_update(lambda one: True, 30.0) == [ours]


async def test_what_the_product_cannot_read_is_told() -> None:
    (unread,) = updates({"id": "1", "from": SENDER}, kind="callback_query")
    probe = probe_of(KINDS[0], ScriptedMessenger(getUpdates=[[unread]]))
    assert await probe.await_update(lambda one: True, 30.0) == [unread]
    (told,) = lines(probe)
    assert told.startswith("✗ callback_query is read by the product: TypeError: ")
    # On Bale it is completed first.
    probe = probe_of(KINDS[1], ScriptedMessenger(getUpdates=[[unread]]))
    await probe.await_update(lambda one: True, 30.0)
    assert lines(probe) == []


WORKS = {
    "getMe": {"id": 22, "username": "probe_bot", "first_name": "نام"},
    "getWebhookInfo": {"url": "", "pending_update_count": 0},
    "getUpdates": [[]],
}


async def beginning(kind: Messenger, **answers: Any) -> messenger.MessengerProbe:
    script = ScriptedMessenger(**(WORKS | answers))
    probe = probe_of(kind, script)
    probe.report.private = ("22:secret",)
    return await begin(kind, probe.api, CHAT, probe.report)


@pytest.mark.parametrize(
    ("answers", "says"),
    [
        (
            {"getMe": refusal(401, "Unauthorized 22:secret")},
            "TELEGRAM_TOKEN: is refused (401 Unauthorized ‹…›); take it from BotFather again",
        ),
        ({"getWebhookInfo": refusal(404, "Not Found 22:secret")}, "TELEGRAM_TOKEN: 404 Not Found ‹…›"),
        (
            {"getWebhookInfo": {"url": "https://x.example"}},
            "TELEGRAM_TOKEN: a webhook is set; stop the bot, or make a bot of its own for the probe",
        ),
        (
            {"getUpdates": CONFLICT},
            "TELEGRAM_TOKEN: updates cannot be had (409 Conflict); is the bot running?",
        ),
    ],
)
async def test_a_bot_that_cannot_be_used(answers: dict[str, Any], says: str) -> None:
    with pytest.raises(BadSettingError) as told:
        await beginning(KINDS[0], **answers)
    assert str(told.value) == says


async def test_a_bot_that_can_be_used() -> None:
    waiting = updates(message(text="x"), message(text="y"))
    probe = await beginning(KINDS[0], getUpdates=[waiting])
    assert probe.offset == 72
    assert probe.report.private == ("22:secret", "22", "probe_bot", "نام")
    assert lines(probe) == ["✓ getWebhookInfo: full"]
    assert list(probe.report.shapes) == ["getMe", "getWebhookInfo"]
    probe = await beginning(KINDS[0], getMe={"id": 22}, getWebhookInfo={"url": None})
    assert (probe.offset, probe.report.private) == (0, ("22:secret", "22", "", ""))
    assert lines(probe) == ["✗ getWebhookInfo: url (expected: full)"]


def test_an_answer_as_it_is_told() -> None:
    for answer, ok, code, told in (
        (Answer(200, {"ok": True, "result": 1}), True, 200, "done"),
        (Answer(200, {"ok": 1}), False, 200, "200"),
        (Answer(200, {"ok": False, "error_code": "x"}), False, 200, "200"),
        (Answer(502, "bad\n" * 40), False, 502, "502 " + ("bad\n" * 40)[:80].strip()),
        (Answer(200, {"ok": False, "error_code": 404, "description": "no"}), False, 404, "404 no"),
    ):
        assert (answer.ok, answer.code, str(answer)) == (ok, code, told)


async def test_what_is_not_json_is_text() -> None:
    probe = probe_of(KINDS[0], ScriptedMessenger(getMe=httpx.Response(502, text="<html>")))
    assert await probe.api.call("getMe") == Answer(502, "<html>")


def test_a_report_of_every_outcome() -> None:
    report = Report("x (y)")
    assert (report.status, report.summary()) == (0, "0 as expected, 0 differ, 0 not seen")
    report.add("one", "a|b", "a", ok=True, fact="x.one")
    assert report.status == 0
    report.not_seen("two", "b", "why")
    assert report.status == 1
    report.add("three", "c", "d", ok=False, fact="x.three")
    report.add("four", "c", "e", ok=False)
    assert report.status == 1
    report.keep("shape", [{"id": 1, "type": "x", "status": 2, "code": [3], "length": None}] * 5)
    header, *rest = report.markdown().splitlines()
    assert header.startswith("# Probe of x (y), 20")
    assert header.endswith(" UTC")
    shape = "{'id': 'int', 'type': 'x', 'status': 2, 'code': [3], 'length': None}"
    assert rest == [
        "",
        "1 as expected, 2 differ, 1 not seen",
        "",
        "| | what | expected | came | fact |",
        "|---|---|---|---|---|",
        "| ✓ | one | a\\|b | a | `x.one` |",
        "| – | two | b | why |  |",
        "| ✗ | three | c | d | `x.three` |",
        "| ✗ | four | c | e |  |",
        "",
        "To correct in `bot/probe/facts.toml`:",
        "",
        "- `x.three`: d",
        "",
        "## Shapes",
        "",
        "Kinds of values in the place of the values.",
        "",
        "```",
        f"shape: [{', '.join([shape] * 4)}]",
        "```",
    ]
