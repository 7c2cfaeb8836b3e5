"""What the probe of a messenger tries by itself: methods, shapes, limits and errors, in the tester's own chat."""

from __future__ import annotations

import asyncio
import io
import secrets
from typing import Any

from bot.probe.bot_api import Answer
from bot.probe.messenger import Json, MessengerProbe, Step

BUTTONS = [
    [
        {"text": "دکمه", "callback_data": "probe"},
        {"text": "پیوند", "url": "https://example.com/a_b"},
        {"text": "رونوشت", "copy_text": {"text": "140509050001"}},
    ]
]
PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
#: Seconds that a flooded chat rests where the messenger does not say how long.
REST = 10.0
#: A chat that nobody has.
_NOBODY = 999_999_999_999


def picture() -> bytes:
    from PIL import Image

    out = io.BytesIO()
    Image.new("RGB", (1280, 960), "steelblue").save(out, "JPEG")
    return out.getvalue()


async def errors(probe: MessengerProbe) -> None:
    """Errors: their status, codes and words."""
    facts, api = probe.facts, probe.api
    await _error(probe, "wrong_token", "a wrong token", await api.call("getMe", token=_wrong(probe)))
    await _error(probe, "unknown_method", "a method that there is not", await api.call("sendNothing"))
    unknown = await api.call("sendMessage", chat_id=_NOBODY, text="x")
    await _error(probe, "unknown_chat", "a chat that there never was", unknown)
    probe.dead_chat("a chat that there never was", unknown)
    own = "own" if unknown.status == unknown.code else str(unknown.status)
    facts.saw("error_status", own, "the HTTP status of an error")
    taken = await api.call("sendMessage", chat_id=probe.chat_id, text="آزمایش", no_such_parameter="1")
    facts.saw("unknown_parameters", "taken" if taken.ok else "refused", "a parameter that there is not")


async def _error(probe: MessengerProbe, fact: str, what: str, answer: Answer) -> None:
    probe.report.keep(what, {"status": answer.status, "code": answer.code, "description": str(answer)})
    if answer.ok:
        probe.report.add(what, "it is refused", "done", ok=False)
        return
    probe.facts.saw(fact, answer.code, f"the code of {what}")


def _wrong(probe: MessengerProbe) -> str:
    return f"{probe.me['id']}:{secrets.token_urlsafe(26)[:35]}"


async def texts(probe: MessengerProbe) -> None:
    """Texts, buttons and edits."""
    facts, report = probe.facts, probe.report
    sent = await probe.send(text="آزمایش ۱ از ربات", reply_markup={"inline_keyboard": BUTTONS})
    report.keep("a message with buttons", sent)
    _in_shape(probe, "sendMessage", sent, "message_id", "date", "chat", "text")
    facts.saw("dates", "milliseconds" if sent["date"] > 10**11 else "seconds", "dates")
    chat = sent["chat"]
    null = "null" if "photo" in chat and chat["photo"] is None else "absent"
    facts.saw("chat_photo", null, "the photo of a chat without one")
    null = "null" if "photo" in sent and sent["photo"] is None else "absent"
    facts.saw("message_photo", null, "the photo of a message without one")
    where: dict[str, Any] = {"chat_id": probe.chat_id, "message_id": sent["message_id"]}
    answer = await probe.api.result("editMessageText", text="آزمایش ۲، ویرایش‌شده", **where)
    report.keep("the answer of an edit", answer)
    facts.saw("edit_answer", "message" if "text" in answer else "stub", "the answer of an edit")
    same = await probe.api.call("editMessageText", text="آزمایش ۲، ویرایش‌شده", **where)
    facts.saw("edit_same", "taken" if same.ok else "refused", "an edit that changes nothing")
    one = {"inline_keyboard": [BUTTONS[0][:1]]}
    await probe.api.result("editMessageReplyMarkup", reply_markup=one, **where)
    report.add("editMessageReplyMarkup", "it is carried out", "done", ok=True)
    await probe.api.result("deleteMessage", **where)
    report.add("deleteMessage", "it is carried out", "done", ok=True)
    gone = await probe.api.call("editMessageText", text="نیست", **where)
    report.add("an edit of a deleted message", "it is refused", gone, ok=not gone.ok)


async def limits(probe: MessengerProbe) -> None:
    """Lengths, at their bound and one above."""
    data = {"inline_keyboard": [[{"text": "دکمه", "callback_data": "x" * 65}]]}
    refused: list[tuple[str, Json]] = [
        ("a text of 4097 characters", {"text": "x" * 4097}),
        ("callback_data of 65 bytes", {"text": "آزمایش", "reply_markup": data}),
        ("an empty text", {"text": ""}),
    ]
    for what, fields in refused:
        answer = await probe.api.call("sendMessage", chat_id=probe.chat_id, **fields)
        probe.report.add(what, "it is refused", answer, ok=not answer.ok)
    sent = await probe.send(text="ب" * 4096)
    probe.report.add("a text of 4096 characters", "it is taken", "done", ok=True)
    await probe.send("deleteMessage", message_id=sent["message_id"])
    data["inline_keyboard"][0][0]["callback_data"] = "x" * 64
    await probe.send(text="آزمایش ۳", reply_markup=data)
    probe.report.add("callback_data of 64 bytes", "it is taken", "done", ok=True)
    late = await probe.api.call("answerCallbackQuery", callback_query_id="1", text="x")
    probe.report.add("an answer to a press that there was not", "it is refused", late, ok=not late.ok)


async def files(probe: MessengerProbe) -> None:
    """Files: sent, described, fetched, sent again by their id."""
    facts, report, api = probe.facts, probe.report, probe.api
    upload = {"document": ("آزمایش.pdf", PDF)}
    sent = await probe.send("sendDocument", caption="ب" * 1024, files=upload)
    report.keep("a document", sent.get("document"))
    document = sent["document"]
    facts.sample("file_unique_id", "file_unique_id" in document and "file_size" in document)
    given = await api.result("getFile", file_id=document["file_id"])
    report.keep("getFile", given)
    content = await api.download(given["file_path"])
    report.add("a file that is fetched", "the same bytes", _compared(content, PDF), ok=content == PDF)
    by_id = await api.download(document["file_id"])
    facts.saw("download_by_id", by_id == PDF, "a file is fetched by its id")
    again = await probe.send("sendDocument", document=document["file_id"])
    report.add("a document by its id", "it is taken", "done", ok="document" in again)
    as_json = await api.call(
        "sendDocument", as_json=True, chat_id=probe.chat_id, document=document["file_id"]
    )
    facts.saw("json_file_id", "taken" if as_json.ok else "refused", "a file id in a JSON body")
    photo = await probe.send("sendPhoto", caption="عکس آزمایش", files={"photo": ("a.jpg", picture())})
    report.keep("a photo", photo["photo"])
    widths = [one.get("width") for one in photo["photo"]]
    grows = None in widths or widths == sorted(widths)
    report.add("sizes of a photo", "small to large", "small to large" if grows else str(widths), ok=grows)
    facts.sample("file_unique_id", all("file_unique_id" in one for one in photo["photo"]))
    await _album(probe)


async def _album(probe: MessengerProbe) -> None:
    media = [{"type": "document", "media": f"attach://file{number}"} for number in (1, 2)]
    uploads = {f"file{number}": (f"{number}.pdf", PDF + bytes(number)) for number in (1, 2)}
    album = await probe.send("sendMediaGroup", media=media, files=uploads)
    probe.report.keep("an album of documents", album)
    probe.report.add(
        "an album of two documents", "two messages", f"{len(album)} messages", ok=len(album) == 2
    )


def _compared(content: bytes | None, wanted: bytes) -> str:
    if content is None:
        return "refused"
    return "the same bytes" if content == wanted else f"{len(content)} other bytes"


async def profile(probe: MessengerProbe) -> None:
    """Menu of commands and description of the bot."""
    commands = [{"command": "start", "description": "شروع"}]
    if probe.bale:
        await probe.api.result("setMyCommands", commands=commands)
    else:
        scope = {"type": "chat", "chat_id": probe.chat_id}
        await probe.api.result("setMyCommands", commands=commands, scope=scope)
        await probe.api.result("deleteMyCommands", scope=scope)
        probe.report.add("deleteMyCommands", "it is carried out", "done", ok=True)
    probe.report.add("setMyCommands", "it is carried out", "done", ok=True)
    # What stands is set again, where it can be asked.
    for name, field in (("Description", "description"), ("ShortDescription", "short_description")):
        asked = await probe.api.call(f"getMy{name}")
        stands = asked.result.get(field, "") if asked.ok else ""
        fields: Json = {field: stands}
        answer = await probe.api.call(f"setMy{name}", **fields)
        probe.report.keep(f"setMy{name}", {"status": answer.status, "code": answer.code})
        probe.facts.saw("descriptions", answer.ok, f"setMy{name}")


async def polling(probe: MessengerProbe) -> None:
    """Two pollers at once, and a poller beside a webhook."""
    fields: Json = {"offset": probe.offset} if probe.offset else {}
    first = asyncio.create_task(probe.api.call("getUpdates", timeout=5, **fields))
    await asyncio.sleep(1)
    second = await probe.api.call("getUpdates", timeout=0, **fields)
    told = {answer.code for answer in (await first, second) if not answer.ok}
    came = "409 to one of them" if told == {409} else f"{sorted(told)}" if told else "both get updates"
    probe.report.add("a second poller", "409 to one of them", came, ok=told == {409})
    # No update waits, so nothing is sent there.
    await probe.api.result("setWebhook", url="https://example.com/probe")
    hooked = await probe.api.call("getUpdates", timeout=0, **fields)
    await probe.api.result("deleteWebhook")
    probe.report.add("setWebhook and deleteWebhook", "they are carried out", "done", ok=True)
    probe.report.add("getUpdates while a webhook is set", "409", hooked, ok=hooked.code == 409)


async def flood(probe: MessengerProbe) -> None:
    """More messages than a chat takes."""
    for number in range(120):
        answer = await probe.api.call("sendMessage", chat_id=probe.chat_id, text=f"{number}")
        if not answer.ok:
            break
    probe.report.keep("a refusal of too many messages", answer.body)
    if answer.ok:
        probe.report.add("120 messages at once", "429", "all are taken", ok=False)
        return
    parameters = answer.body.get("parameters", {}) if isinstance(answer.body, dict) else {}
    form = "text" if not isinstance(answer.body, dict) else "bare" if not parameters else "retry_after"
    known = probe.facts["flood_forms"]
    probe.report.add(
        f"the refusal after {number} messages",
        f"429, {' or '.join(known)}",
        f"{answer.code}, {form}",
        ok=answer.code == 429 and form in known,
        fact=f"{probe.messenger.value}.flood_forms",
    )
    if probe.wait:
        await asyncio.sleep(min(60, parameters.get("retry_after", REST)))


def _in_shape(probe: MessengerProbe, what: str, given: Any, *names: str) -> None:
    missing = [name for name in names if name not in given]
    came = f"without {', '.join(missing)}" if missing else "all are there"
    probe.report.add(f"fields of {what}", ", ".join(names), came, ok=not missing)


async def large(probe: MessengerProbe) -> None:
    """Uploads of 15, 25 and 45 MB."""
    for size in (15, 25, 45):
        content = PDF + bytes(size * 2**20)
        answer = await probe.api.call(
            "sendDocument", chat_id=probe.chat_id, files={"document": (f"{size}.pdf", content)}
        )
        probe.report.add(f"an upload of {size} MB", "it is taken", answer, ok=answer.ok)


AUTOMATIC: list[Step] = [errors, texts, limits, files, profile, polling]
