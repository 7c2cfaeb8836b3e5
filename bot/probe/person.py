"""What the probe of a messenger needs a person for: the bot asks in the chat, and looks at the raw update that comes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

from bot.config.output import say
from bot.probe.automatic import BUTTONS
from bot.probe.messenger import Json, MessengerProbe, Step

#: Seconds between looks at whether the bot is blocked.
PAUSE = 2.0
#: Payload of the link.
PAYLOAD = "probe_1"
SHARE = {"keyboard": [[{"text": "ارسال شماره خودم", "request_contact": True}]], "resize_keyboard": True}


async def asks(
    probe: MessengerProbe,
    what: str,
    words: str,
    wanted: Callable[[Json], bool],
    *,
    markup: Any = None,
    several: bool = False,
) -> list[Json]:
    """Updates that answer it; none where nobody did it in time, which is told."""
    fields = {"reply_markup": markup} if markup is not None else {}
    await probe.send(text=words, **fields)
    say(f"  waiting for {what} ({probe.wait:.0f} s); the bot says in the chat what to do")
    found = await probe.await_update(wanted, probe.wait, several=several)
    if not found:
        probe.report.not_seen(what, "an update", "nobody did it in time")
    for update in found[:1]:
        probe.report.keep(what, update)
    return found


async def message_with(
    probe: MessengerProbe,
    what: str,
    words: str,
    field: str,
    *,
    markup: Any = None,
    several: bool = False,
) -> list[Json]:
    """Messages that have this field."""
    found = await asks(
        probe,
        what,
        words,
        lambda update: bool(update.get("message", {}).get(field)),
        markup=markup,
        several=several,
    )
    return [update["message"] for update in found]


async def start(probe: MessengerProbe) -> None:
    """A start by a link."""
    root = "ble.ir" if probe.bale else "t.me"
    link = f"https://{root}/{probe.me['username']}?start={PAYLOAD}"
    words = f"این پیوند را باز کنید و «شروع» را بزنید: {link}"
    for message in await message_with(probe, "a start by a link", words, "text"):
        told = message["text"]
        probe.report.add(
            "the text of a start by a link",
            "/start with the payload",
            _started(told),
            ok=_started(told) == "/start with the payload",
        )
        marked = any(one.get("type") == "bot_command" for one in message.get("entities") or [])
        probe.facts.saw("command_entities", marked, "the entity of a command")


async def press(probe: MessengerProbe) -> None:
    """A pressed button."""
    markup = {"inline_keyboard": [BUTTONS[0][:1]]}
    found = await asks(
        probe,
        "a pressed button",
        "دکمه زیر این پیام را دو بار بزنید.",
        lambda one: "callback_query" in one,
        markup=markup,
        several=True,
    )
    for update in found:
        query = update["callback_query"]
        probe.facts.sample("chat_instance", query.get("chat_instance") is not None)
        answer = await probe.api.call("answerCallbackQuery", callback_query_id=query["id"], text="رسید")
        probe.report.add("answerCallbackQuery", "it is carried out", answer, ok=answer.ok)
        data = query.get("data")
        probe.report.add(
            "data of the button", "as sent", "as sent" if data == "probe" else "other", ok=data == "probe"
        )
        old = probe.facts["callback_digits"]
        if old:
            new = not str(query["id"]).startswith(old)
            probe.report.add(
                "the id of a press",
                f"not with {old}, unless the client is old",
                "so" if new else f"begins with {old}",
                ok=new,
            )


async def contact(probe: MessengerProbe) -> None:
    """One's own number, by the button."""
    words = "دکمه «ارسال شماره خودم» را بزنید."
    for message in await message_with(probe, "the own contact by the button", words, "contact", markup=SHARE):
        card, sender = message["contact"], message["from"]["id"]
        probe.facts.saw("contact_user_id", card.get("user_id") == sender, "the owner of an own contact")
        number = str(card.get("phone_number", ""))
        begins = next((form for form in ("+98", "98", "0") if number.startswith(form)), "otherwise")
        probe.facts.saw("contact_number", begins, "how a contact's number begins")
    await probe.send(text="سپاس.", reply_markup={"remove_keyboard": True})


async def other_contact(probe: MessengerProbe) -> None:
    """Somebody else's card, sent by hand."""
    words = "کارت مخاطب شخص دیگری را از دفترچه تلفن بفرستید."
    for message in await message_with(probe, "somebody else's contact", words, "contact"):
        own = message["contact"].get("user_id") == message["from"]["id"]
        came = "the sender's" if own else "not the sender's"
        probe.report.add("the owner of another's contact", "not the sender's", came, ok=not own)


async def document(probe: MessengerProbe) -> None:
    """A PDF file."""
    words = "یک فایل PDF بفرستید."
    for message in await message_with(probe, "a document", words, "document"):
        given = message["document"]
        whole = "file_unique_id" in given and "file_size" in given
        probe.facts.sample("file_unique_id", whole)
        file = await probe.api.result("getFile", file_id=given["file_id"])
        content = await probe.api.download(file["file_path"])
        probe.report.add(
            "a document that was sent to the bot",
            "it is fetched",
            "fetched" if content else "refused",
            ok=bool(content),
        )


async def photos(probe: MessengerProbe) -> None:
    """Two photos as an album."""
    words = "دو عکس را با هم، به شکل آلبوم، بفرستید."
    found = await message_with(probe, "an album of photos", words, "photo", several=True)
    for message in found:
        probe.facts.sample("file_unique_id", all("file_unique_id" in one for one in message["photo"]))
    if found:
        groups = {message.get("media_group_id") for message in found}
        ok = len(found) == 2 and len(groups) == 1 and None not in groups
        came = "one media_group_id" if ok else f"{len(found)} messages, {len(groups - {None})} media_group_id"
        probe.report.add("an album of two photos", "one media_group_id", came, ok=ok)


async def voice(probe: MessengerProbe) -> None:
    """A voice message."""
    for message in await message_with(probe, "a voice message", "یک پیام صوتی بفرستید.", "voice"):
        there = "duration" in message["voice"]
        probe.facts.saw("media_details", there, "the duration of a voice message")


async def sticker(probe: MessengerProbe) -> None:
    """A sticker."""
    for message in await message_with(probe, "a sticker", "یک استیکر بفرستید.", "sticker"):
        there = "is_animated" in message["sticker"]
        probe.facts.saw("media_details", there, "whether a sticker is animated")


async def forward(probe: MessengerProbe) -> None:
    """A forwarded contact."""
    words = "کارت مخاطبی را که پیش‌تر فرستادید، به همین گفت‌وگو هدایت (forward) کنید."
    for message in await message_with(probe, "a forwarded contact", words, "contact"):
        form = next((name for name in ("forward_origin", "forward_from") if message.get(name)), "neither")
        probe.facts.saw("forwards", form, "how a forwarded message is marked")


async def edit(probe: MessengerProbe) -> None:
    """An edited message, and its deletion by the bot."""
    words = "«یک» را بنویسید و سپس آن را به «دو» ویرایش کنید."
    found = await asks(probe, "an edited message", words, lambda one: "edited_message" in one)
    for update in found:
        message = update["edited_message"]
        probe.report.add(
            "the date of an edit",
            "edit_date",
            "edit_date" if "edit_date" in message else "none",
            ok="edit_date" in message,
        )
        gone = await probe.api.call("deleteMessage", chat_id=probe.chat_id, message_id=message["message_id"])
        probe.report.add("a person's message deleted by the bot", "it is carried out", gone, ok=gone.ok)


async def block(probe: MessengerProbe) -> None:
    """A person who blocks the bot."""
    what = "a person who has blocked the bot"
    await probe.send(text="در پایان، ربات را مسدود (Block) کنید؛ پس از آزمایش می‌توانید آن را باز کنید.")
    say(f"  waiting until the bot is blocked ({probe.wait:.0f} s); unblock it afterwards")
    until = time.monotonic() + probe.wait
    while True:
        answer = await probe.api.call("sendChatAction", chat_id=probe.chat_id, action="typing")
        if not answer.ok or time.monotonic() >= until:
            break
        await asyncio.sleep(min(PAUSE, probe.wait))
    if answer.ok:
        probe.report.not_seen(what, str(probe.facts["blocked"]), "nobody did it in time")
        return
    refused = await probe.api.call("sendMessage", chat_id=probe.chat_id, text="آزمایش")
    probe.report.keep(what, {"status": refused.status, "code": refused.code, "description": str(refused)})
    probe.facts.saw("blocked", refused.code, f"the code of {what}")
    probe.dead_chat(what, refused)


BY_HAND: list[Step] = [
    start,
    press,
    contact,
    other_contact,
    forward,
    document,
    photos,
    voice,
    sticker,
    edit,
]


def _started(text: str) -> str:
    if text == f"/start {PAYLOAD}":
        return "/start with the payload"
    return "/start without it" if text.startswith("/start") else "another text"
