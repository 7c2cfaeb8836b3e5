"""Each kind of answer as the calls that it makes, in order, and what is written down of it; the messenger is a list of results."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from telegram.error import BadRequest, Forbidden, NetworkError, RetryAfter

from bot.core.screens import Button, GeneratedFile, Screen, button
from bot.messengers.delivery import outcomes
from bot.messengers.delivery import screens as screens_module
from bot.messengers.delivery.screens import SAID, ScreenDelivery
from bot.messengers.processing import inbox_store
from bot.messengers.processing.answer import Answer, ChatAddress
from bot.messengers.transport.channel import MAX_NOTICE, split_text
from bot.services.shared import pay_messages
from bot.texts import t
from storage.enums import Messenger
from tests.support.recorded_messenger import RecordedMessenger

NOW = datetime(2026, 5, 1, 8, 0)
CHAT = ChatAddress(Messenger.TELEGRAM, 7, row_id=1)
HOME = (button("خانه", "home"),)
HOME_KEYS = {"inline_keyboard": [[{"text": "خانه", "callback_data": "1|home|||"}]]}
CLOSED = {"remove_keyboard": True}
PLAIN = Screen("سلام", (HOME,))


class Writes:
    """Units of the database, by what they would write."""

    def __init__(self, log: list[tuple[Any, ...]]) -> None:
        self._log = log
        self.down = False
        #: Units that run beside wait until they are asked for.
        self.later: list[Callable[[Any], Any]] | None = None

    async def run(self, unit: Callable[[Any], Any]) -> Any:
        if self.down:
            raise OSError("the database is away")
        return unit(self)

    def run_in_background(self, unit: Callable[[Any], Any]) -> None:
        if self.later is None:
            unit(self)
        else:
            self.later.append(unit)

    def execute(self, statement: Any, values: dict[str, Any]) -> None:
        names = {
            id(outcomes._DEAD): "dead",
            id(outcomes._LATER): "later",
            id(outcomes._DELIVERED): "delivered",
        }
        when = ((values["at"] - NOW).total_seconds(),) if "at" in values else ()
        rests = ((values["until"] - values["since"]).total_seconds(),) if "until" in values else ()
        self._log.append((names.get(id(statement), "rests"), next(iter(values.values())), *when, *rests))


class Chats:
    """A delivery to one chat, all that it did, and the time, which moves with its pauses alone."""

    def __init__(self, messenger: Messenger = Messenger.TELEGRAM) -> None:
        self.wire = RecordedMessenger()
        self.written: list[tuple[Any, ...]] = []
        self.database = Writes(self.written)
        self.woken: list[float] = []
        self.paused: list[float] = []
        #: Whether something newer comes, for each pause of a screen that may give way.
        self.newcomers: list[bool] = []
        self.now = 1000.0
        self.resources: Any = SimpleNamespace(database=self.database, clock=lambda: NOW)
        self.channel = self.wire.channel(messenger, lambda: self.now)
        self.delivery = ScreenDelivery(
            self.resources, {messenger: self.channel}, pause=self.pause, wake=self.woken.append
        )

    async def pause(self, seconds: float, *, for_newcomer: bool = False) -> bool:
        self.paused.append(round(seconds, 3))
        if for_newcomer and self.newcomers and self.newcomers.pop(0):
            return True
        self.now += seconds
        return False

    async def deliver(self, answer: Answer) -> list[tuple[Any, ...]]:
        """The calls of this answer alone, those beside it last."""
        before = len(self.wire.calls)
        await self.delivery.deliver(answer)
        await self.delivery.close()
        assert not self.delivery._side
        made = self.wire.calls[before:]
        return [call for call in made if call[0] != "press"] + [call for call in made if call[0] == "press"]


@pytest.fixture
def chats(monkeypatch: pytest.MonkeyPatch) -> Chats:
    made = Chats()
    monkeypatch.setattr(
        inbox_store, "mark_answered", lambda db, *rows: made.written.append(("answered", *rows))
    )
    monkeypatch.setattr(
        pay_messages,
        "record",
        lambda db, **values: made.written.append(("pays", values["request_id"], values["message_id"])),
    )
    monkeypatch.setattr(
        pay_messages, "forget", lambda db, **values: made.written.append(("pays not", values["message_id"]))
    )
    return made


def shows(*screens: Screen, **more: Any) -> Answer:
    return Answer(more.pop("to", CHAT), screens or (PLAIN,), **({"update_row": 5} | more))


KEYBOARD = replace(CHAT, keyboard=True)
ASKS = Screen("شماره؟", (HOME,), ask_contact="ارسال شماره")
ASK_KEYS = {
    "keyboard": [[{"text": "ارسال شماره", "request_contact": True}], [{"text": "خانه"}]],
    "resize_keyboard": True,
    "one_time_keyboard": False,
}
SHEET = GeneratedFile("a.pdf", b"%PDF", "جدول")
PAY = Screen("هزینه", ((Button("پرداخت", url="https://bot.example/pay", pays=44),),))
PAY_KEYS = {"inline_keyboard": [[{"text": "پرداخت", "url": "https://bot.example/pay"}]]}
LONG = Screen("\n".join(["س" * 99] * 60), (HOME,))
PIECES = split_text(LONG.text)
assert len(PIECES) == 2
BELOW = "ادامه در پیام بعدی:"
PASSWORD = Screen("رمز", (HOME,), once=True)

#: An answer; the calls that it makes; what is written of it besides that the update was answered.
SHOWN: dict[str, tuple[Answer, list[tuple[Any, ...]], list[tuple[Any, ...]]]] = {
    "anew": (shows(), [("sendMessage", "سلام", HOME_KEYS)], []),
    "without buttons": (shows(Screen("سلام")), [("sendMessage", "سلام", None)], []),
    "without words": (shows(Screen("")), [("sendMessage", "…", None)], []),
    "in place": (
        shows(edit=9, callback_id="c"),
        [("editMessageText", 9, "سلام", HOME_KEYS), ("press", "c", None)],
        [],
    ),
    "several": (
        shows(Screen("یک"), Screen("دو", (HOME,)), edit=9),
        [("editMessageText", 9, "یک", None), ("sendMessage", "دو", HOME_KEYS)],
        [],
    ),
    "in pieces": (
        shows(LONG, edit=9),
        [("editMessageText", 9, PIECES[0], None), ("sendMessage", PIECES[1], HOME_KEYS)],
        [],
    ),
    "a password": (
        shows(PASSWORD, PLAIN, edit=9, credentials_of=6),
        [
            ("editMessageText", 9, t("chat.shown_below"), None),
            ("sendMessage", "رمز", HOME_KEYS),
            ("sendMessage", "سلام", HOME_KEYS),
        ],
        [("delivered", 6)],
    ),
    "a password anew": (shows(PASSWORD), [("sendMessage", "رمز", HOME_KEYS)], []),
    "asks for a number": (shows(ASKS, edit=9), [("sendMessage", "شماره؟", ASK_KEYS)], []),
    "asks again": (shows(ASKS, to=KEYBOARD), [("sendMessage", "شماره؟", ASK_KEYS)], []),
    "closes the keyboard": (
        shows(Screen("بماند"), to=KEYBOARD, edit=9),
        [("sendMessage", "بماند", CLOSED)],
        [],
    ),
    "closes it before buttons": (
        shows(to=KEYBOARD, edit=9),
        [("sendMessage", BELOW, CLOSED), ("sendMessage", "سلام", HOME_KEYS)],
        [],
    ),
    "closes it before documents": (
        shows(Screen("سلام", attachments=(SHEET,)), to=KEYBOARD),
        [("sendMessage", BELOW, CLOSED), ("document", "جدول"), ("sendMessage", "سلام", None)],
        [],
    ),
    "closes it once": (
        shows(Screen("یک"), Screen("دو"), to=KEYBOARD),
        [("sendMessage", "یک", CLOSED), ("sendMessage", "دو", None)],
        [],
    ),
    "a document": (
        shows(Screen("سلام", (HOME,), attachments=(SHEET,)), edit=9),
        [("document", "جدول"), ("sendMessage", "سلام", HOME_KEYS)],
        [],
    ),
    "a document alone": (shows(Screen("", attachments=(SHEET,))), [("document", "جدول")], []),
    "a pay button": (shows(PAY), [("sendMessage", "هزینه", PAY_KEYS)], [("pays", 44, 101)]),
    "a pay button in place": (
        shows(PAY, edit=9, to=replace(CHAT, has_pay_message=True)),
        [("editMessageText", 9, "هزینه", PAY_KEYS)],
        [("pays not", 9), ("pays", 44, 9)],
    ),
    "in the place of a pay button": (
        shows(edit=9, to=replace(CHAT, has_pay_message=True)),
        [("editMessageText", 9, "سلام", HOME_KEYS)],
        [("pays not", 9)],
    ),
    "below a pay button": (
        shows(to=replace(CHAT, has_pay_message=True)),
        [("sendMessage", "سلام", HOME_KEYS)],
        [],
    ),
    "in a group a pay button": (
        shows(PAY, to=replace(CHAT, row_id=None)),
        [("sendMessage", "هزینه", PAY_KEYS)],
        [],
    ),
    "a notice": (
        shows(edit=9, callback_id="c", notice="ذخیره شد"),
        [("editMessageText", 9, "سلام", HOME_KEYS), ("press", "c", "ذخیره شد")],
        [],
    ),
    "a notice alone": (Answer(CHAT, notice="نه", callback_id="c", update_row=5), [("press", "c", "نه")], []),
    "a notice without a button": (
        Answer(CHAT, notice="نه", update_row=5),
        [("sendMessage", "نه", None)],
        [],
    ),
    "a long notice": (
        Answer(CHAT, notice="ب" * (MAX_NOTICE + 1), callback_id="c", update_row=5),
        [("press", "c", "ب" * (MAX_NOTICE - 1) + "…")],
        [],
    ),
    "a toast that the message says": (
        shows(edit=9, callback_id="c", toast="همین بود"),
        [("editMessageText", 9, "سلام", HOME_KEYS), ("press", "c", None)],
        [],
    ),
    "nothing": (Answer(CHAT, update_row=5), [], []),
    "nothing to a press": (Answer(CHAT, callback_id="c", update_row=5), [("press", "c", None)], []),
    "closes it before the first buttons": (
        shows(PLAIN, Screen("دو"), to=KEYBOARD),
        [("sendMessage", BELOW, CLOSED), ("sendMessage", "سلام", HOME_KEYS), ("sendMessage", "دو", None)],
        [],
    ),
    "closes it with words, buttons after": (
        shows(Screen("یک"), PLAIN, to=KEYBOARD),
        [("sendMessage", "یک", CLOSED), ("sendMessage", "سلام", HOME_KEYS)],
        [],
    ),
    "closes it before the first documents": (
        shows(Screen("", attachments=(SHEET,)), Screen("دو"), to=KEYBOARD),
        [("sendMessage", BELOW, CLOSED), ("document", "جدول"), ("sendMessage", "دو", None)],
        [],
    ),
    "says something and asks for a number": (
        shows(Screen("یک"), ASKS, to=KEYBOARD),
        [("sendMessage", "یک", None), ("sendMessage", "شماره؟", ASK_KEYS)],
        [],
    ),
    "a notice without a button above two": (
        shows(Screen("یک"), PLAIN, notice="نه"),
        [("sendMessage", "نه", None), ("sendMessage", "یک", None), ("sendMessage", "سلام", HOME_KEYS)],
        [],
    ),
    "deleted": (shows(delete=8), [("delete", 8), ("sendMessage", "سلام", HOME_KEYS)], []),
    "deleted, shown before": (shows(delete=8, shown=True), [("delete", 8)], []),
}


@pytest.mark.parametrize("kind", SHOWN)
async def test_what_is_called_and_written(chats: Chats, kind: str) -> None:
    answer, calls, written = SHOWN[kind]
    assert await chats.deliver(answer) == calls
    assert chats.written == [*written, ("answered", 5)]
    assert (chats.woken, chats.paused) == ([], [])


SAME = BadRequest("Bad Request: message is not modified")
GONE = BadRequest("Bad Request: message to edit not found")
UNKNOWN = BadRequest("Bad Request: chat not found")


@pytest.mark.parametrize(
    ("results", "calls", "written"),
    [
        pytest.param([SAME], [("press", "c", "همین بود")], [("answered", 5)], id="says the same already"),
        pytest.param(
            [GONE],
            [("sendMessage", "سلام", HOME_KEYS), ("press", "c", None)],
            [("answered", 5)],
            id="cannot be edited",
        ),
        pytest.param(
            [UNKNOWN], [("press", "c", "همین بود")], [("dead", 1), ("answered", 5)], id="the chat is gone"
        ),
        pytest.param(
            [Forbidden("bot was blocked by the user")],
            [("press", "c", "همین بود")],
            [("dead", 1), ("answered", 5)],
            id="blocked",
        ),
        pytest.param(
            [NetworkError("reset")] * 3,
            [("editMessageText", 9, "سلام", HOME_KEYS)] * 2 + [("press", "c", "همین بود")],
            [("later", 1, 30.0), ("answered", 5)],
            id="the line is broken",
        ),
    ],
)
async def test_what_comes_of_an_edit_that_fails(
    chats: Chats, results: list[Any], calls: list[Any], written: list[Any]
) -> None:
    """The sentence over the button is said where the message did not change."""
    chats.wire.results["editMessageText"] = list(results)
    answer = shows(edit=9, callback_id="c", toast="همین بود")
    assert await chats.deliver(answer) == [("editMessageText", 9, "سلام", HOME_KEYS), *calls]
    assert chats.written == written


@pytest.mark.parametrize(
    ("error", "written", "woken"),
    [
        pytest.param(Forbidden("blocked"), [("dead", 1), ("answered", 5)], [], id="blocked"),
        pytest.param(UNKNOWN, [("dead", 1), ("answered", 5)], [], id="never started"),
        pytest.param(BadRequest("too long"), [("answered", 5)], [], id="never taken"),
        pytest.param(NetworkError("x"), [("later", 1, 30.0), ("answered", 5)], [30], id="broken line"),
    ],
)
async def test_what_is_written_of_a_message_that_fails(
    chats: Chats,
    error: Exception,
    written: list[Any],
    woken: list[float],
    caplog: pytest.LogCaptureFixture,
) -> None:
    chats.wire.results["sendMessage"] = [error] * 3
    await chats.deliver(shows())
    assert (chats.written, chats.woken) == (written, woken)
    warned = [one for one in caplog.records if one.levelno == logging.WARNING]
    assert len(warned) == (written[0][0] != "dead"), "who blocks us is nothing to look into"


async def test_a_dead_chat_without_a_row_or_an_update_is_nothing_to_write(chats: Chats) -> None:
    chats.wire.results["sendMessage"] = [Forbidden("blocked")] * 2 + [NetworkError("x")] * 3
    await chats.deliver(shows(to=replace(CHAT, row_id=None)))
    await chats.deliver(shows(update_row=None))
    assert chats.written == [("answered", 5), ("dead", 1)]
    await chats.deliver(shows(to=replace(CHAT, row_id=None), update_row=None))
    assert (chats.written[2:], chats.woken) == ([], []), "a group is shown nothing later"


@pytest.mark.parametrize(
    ("plain", "rest", "later"),
    [(True, 16.2, 17.0), (True, 29.0, 29.0), (True, 40.0, 30.0), (False, 61.0, 30.0)],
)
async def test_a_screen_whose_chat_rests_long_is_shown_after_the_rest_or_half_a_minute(
    chats: Chats, plain: bool, rest: float, later: float, caplog: pytest.LogCaptureFixture
) -> None:
    chats.channel.limiter.rest(7, rest)
    assert await chats.deliver(shows(plain=plain)) == []
    assert (chats.written, chats.woken) == ([("later", 1, later), ("answered", 5)], [later])
    assert [one for one in caplog.records if one.levelno >= logging.WARNING] == [], "as usual under load"


@pytest.mark.parametrize(("pause", "kept"), [(15, []), (16, [("rests", 1, 16.0)])])
async def test_a_refusal_is_waited_for_and_a_long_one_written(
    chats: Chats, pause: int, kept: list[Any]
) -> None:
    chats.wire.results["sendMessage"] = [RetryAfter(pause)]
    calls = await chats.deliver(shows())
    assert calls == [("sendMessage", "سلام", HOME_KEYS)] * 2
    assert (chats.paused, chats.written) == ([float(pause)], [*kept, ("answered", 5)])


async def test_a_rest_of_another_process_is_kept(chats: Chats) -> None:
    await chats.deliver(shows(to=replace(CHAT, rest_until=NOW + timedelta(seconds=9))))
    assert chats.paused == [9.0]
    await chats.deliver(shows(to=replace(CHAT, rest_until=NOW - timedelta(seconds=9))))
    assert chats.paused == [9.0]


# -- screens that give way -------------------------------------------------------------------------


async def give_way(chats: Chats, *answers: Answer) -> None:
    """Each waits for its chat until something newer comes."""
    for answer in answers:
        chats.channel.limiter.rest(7, 5)
        chats.newcomers = [True]
        assert {call[0] for call in await chats.deliver(answer)} <= {"press", "delete"}
    chats.now += 60


async def test_the_next_screen_stands_for_those_that_gave_way(chats: Chats) -> None:
    await give_way(chats, shows(plain=True, edit=9), shows(plain=True, edit=9, update_row=6))
    assert chats.written == [], "nobody has seen anything"
    assert await chats.deliver(shows(plain=True, edit=9, update_row=7)) == [
        ("editMessageText", 9, "سلام", HOME_KEYS)
    ]
    assert chats.written == [("answered", row) for row in (5, 6, 7)]
    await chats.deliver(shows(update_row=8))
    assert chats.written[3:] == [("answered", 8)], "each once"


@pytest.mark.parametrize(
    ("waited", "later", "calls"),
    [
        pytest.param(
            shows(plain=True),
            shows(edit=9),
            [("sendMessage", "سلام", HOME_KEYS)],
            id="below what was written",
        ),
        pytest.param(
            shows(plain=True, edit=9, to=KEYBOARD),
            shows(edit=9),
            [("sendMessage", BELOW, CLOSED), ("sendMessage", "سلام", HOME_KEYS)],
            id="closes the keyboard all the same",
        ),
        pytest.param(
            shows(plain=True, edit=9, said="ذخیره شد"),
            shows(edit=9),
            [("editMessageText", 9, "ذخیره شد\n\nسلام", HOME_KEYS)],
            id="says what was said",
        ),
        pytest.param(
            shows(plain=True, edit=9, said="ذخیره شد"),
            shows(Screen("یک"), PLAIN, edit=9),
            [
                ("editMessageText", 9, "ذخیره شد\n\nیک", None),
                ("sendMessage", "سلام", HOME_KEYS),
            ],
            id="says it above the first",
        ),
        pytest.param(
            shows(plain=True, edit=9, said="ذخیره شد"),
            shows(edit=9, said="ذخیره شد"),
            [("editMessageText", 9, "سلام", HOME_KEYS)],
            id="says it once",
        ),
        pytest.param(
            shows(plain=True, edit=9, notice="ذخیره شد"),
            shows(edit=9),
            [("editMessageText", 9, "ذخیره شد\n\nسلام", HOME_KEYS)],
            id="says what no button could show",
        ),
        pytest.param(
            shows(plain=True, edit=9, notice="ذخیره شد", callback_id="c"),
            shows(edit=9),
            [("editMessageText", 9, "سلام", HOME_KEYS)],
            id="not what the button showed",
        ),
    ],
)
async def test_what_the_next_screen_takes_over(
    chats: Chats, waited: Answer, later: Answer, calls: list[Any]
) -> None:
    await give_way(chats, waited)
    assert await chats.deliver(later) == calls


async def test_the_last_five_sentences_are_said(chats: Chats) -> None:
    said = [f"جمله {number}" for number in (*range(SAID + 1), SAID)]
    await give_way(chats, *(shows(plain=True, edit=9, said=one) for one in said))
    (call,) = await chats.deliver(shows(edit=9))
    assert call[2] == "\n\n".join([*(f"جمله {number}" for number in range(1, SAID + 1)), "سلام"])


async def test_a_password_is_deleted_and_noted_though_its_screen_gave_way(chats: Chats) -> None:
    await give_way(chats, shows(plain=True, delete=8))
    assert chats.wire.calls == [("delete", 8)]
    assert chats.written == [("answered", 5)]


async def test_a_press_that_shows_nothing_brings_the_screen_that_gave_way(chats: Chats) -> None:
    await give_way(chats, shows(plain=True))
    await chats.deliver(Answer(CHAT, notice="نه", callback_id="c", update_row=6))
    assert (chats.written, chats.woken) == ([("later", 1, 0.0), ("answered", 6)], [0.0])
    chats.written.clear()
    await chats.deliver(Answer(CHAT, quiet=2.0))
    assert (chats.written, chats.woken) == ([], [0.0, 2.0]), "an album looks by itself"
    await chats.deliver(Answer(replace(CHAT, chat_id=8), notice="نه", callback_id="c"))
    assert chats.written == [], "another chat has nothing to show"


async def test_what_gave_way_before_a_long_rest_is_noted_once(chats: Chats) -> None:
    await give_way(chats, shows(plain=True))
    for row in (6, 7):
        chats.channel.limiter.rest(7, 99)
        await chats.deliver(shows(plain=True, update_row=row))
    assert [one for one in chats.written if one[0] == "answered"] == [("answered", row) for row in (5, 6, 7)]


async def test_screens_that_gave_way_and_one_that_fails(chats: Chats) -> None:
    await give_way(chats, shows(plain=True, said="ذخیره شد"))
    chats.wire.results["sendMessage"] = [BadRequest("too long")]
    await chats.deliver(shows(update_row=6))
    assert chats.written == [("answered", 5), ("answered", 6)]
    assert await chats.deliver(shows(edit=9)) == [("editMessageText", 9, "سلام", HOME_KEYS)], "forgotten"


async def test_what_was_to_be_said_is_said_after_a_long_rest(chats: Chats) -> None:
    await give_way(chats, shows(plain=True))
    chats.channel.limiter.rest(7, 99)
    await chats.deliver(shows(plain=True, said="ذخیره شد", update_row=6, edit=9))
    assert chats.written == [("answered", 5), ("later", 1, 30.0), ("answered", 6)]
    chats.now += 100
    assert await chats.deliver(shows(update_row=None, plain=True)) == [
        ("sendMessage", "ذخیره شد\n\nسلام", HOME_KEYS)
    ]


async def test_an_answer_of_which_a_part_was_sent_leaves_nothing_to_say(chats: Chats) -> None:
    chats.wire.results["sendMessage"] = [{"message_id": 1}, RetryAfter(61)]
    await chats.deliver(shows(Screen("یک"), Screen("دو"), said="ذخیره شد"))
    chats.now += 100
    assert await chats.deliver(shows()) == [("sendMessage", "سلام", HOME_KEYS)]


@pytest.mark.parametrize(
    ("guest", "plain_rest", "told"),
    [
        pytest.param(True, 3.0, True, id="a guest who waited"),
        pytest.param(True, 0.0, False, id="a guest at once"),
        pytest.param(False, 3.0, False, id="somebody with an account"),
    ],
)
async def test_a_guest_who_writes_too_fast_is_told_once(
    chats: Chats, guest: bool, plain_rest: float, told: bool
) -> None:
    slow = f"{t('chat.slow_down')}\n\nسلام"
    address = replace(CHAT, guest=guest)
    chats.channel.limiter.rest(7, plain_rest)
    assert await chats.deliver(shows(to=address)) == [("sendMessage", slow if told else "سلام", HOME_KEYS)]
    chats.channel.limiter.rest(7, plain_rest)
    assert await chats.deliver(shows(to=address)) == [("sendMessage", "سلام", HOME_KEYS)]


@pytest.mark.parametrize(("edit", "pause"), [(None, 1.0), (9, 0.5)])
async def test_a_guest_who_has_used_up_the_limit_waits_and_is_told(
    chats: Chats, edit: int | None, pause: float
) -> None:
    """An edit is half a message."""
    chats.channel.limiter.spend(7, 40)
    calls = await chats.deliver(shows(Screen("یک"), to=replace(CHAT, guest=True), edit=edit))
    assert (calls[0][-2], chats.paused) == (f"{t('chat.slow_down')}\n\nیک", [pause])


async def test_a_guest_is_told_to_slow_down_above_the_first_of_two(chats: Chats) -> None:
    chats.channel.limiter.rest(7, 3)
    calls = await chats.deliver(shows(Screen("یک"), PLAIN, to=replace(CHAT, guest=True)))
    assert [call[1] for call in calls] == [f"{t('chat.slow_down')}\n\nیک", "سلام"]


async def test_a_guest_whose_screens_gave_way_is_told_to_slow_down(chats: Chats) -> None:
    address = replace(CHAT, guest=True)
    await give_way(chats, shows(plain=True, to=address))
    assert await chats.deliver(shows(to=address)) == [
        ("sendMessage", f"{t('chat.slow_down')}\n\nسلام", HOME_KEYS)
    ]


async def test_old_clients_read_a_notice_as_a_message_above_the_screen(chats: Chats) -> None:
    chats.wire.shows_notices = False
    assert await chats.deliver(shows(edit=9, callback_id="c", notice="ذخیره شد")) == [
        ("sendMessage", "ذخیره شد", None),
        ("sendMessage", "سلام", HOME_KEYS),
        ("press", "c", None),
    ]
    assert await chats.deliver(Answer(CHAT, notice="نه", callback_id="c", edit=9)) == [
        ("editMessageText", 9, "نه", None),
        ("press", "c", None),
    ]


# -- passwords, presses, notes ---------------------------------------------------------------------


async def test_an_update_with_a_password_counts_as_answered_once_it_is_gone(chats: Chats) -> None:
    chats.wire.results["delete"] = [NetworkError("x"), NetworkError("x"), True]
    assert await chats.deliver(shows(delete=8)) == [
        ("delete", 8),
        ("sendMessage", "سلام", HOME_KEYS),
        ("delete", 8),
        ("delete", 8),
    ]
    assert (chats.written, chats.paused) == ([("answered", 5)], [0.3])
    chats.written.clear()
    chats.wire.results["delete"] = [NetworkError("x")] * 4
    await chats.deliver(shows(delete=8))
    assert chats.written == []


async def test_an_answer_that_could_not_be_made_is_shown_later(chats: Chats) -> None:
    """A mistake of ours, or the store of documents: nothing is noted as answered."""
    chats.wire.results["sendMessage"] = [ZeroDivisionError()]
    await chats.deliver(shows())
    assert (chats.written, chats.woken) == ([("later", 1, 30.0)], [30])


async def test_what_the_database_does_not_take_stops_no_answer(chats: Chats) -> None:
    chats.database.down = True
    await chats.deliver(shows(PAY, credentials_of=6, edit=9, to=replace(CHAT, has_pay_message=True)))
    assert chats.written == [("answered", 5)]


async def test_two_screens_of_which_the_first_stands_already(chats: Chats) -> None:
    chats.wire.results["editMessageText"] = [SAME]
    assert await chats.deliver(shows(Screen("یک"), PLAIN, edit=9, callback_id="c", toast="همین بود")) == [
        ("editMessageText", 9, "یک", None),
        ("sendMessage", "سلام", HOME_KEYS),
        ("press", "c", "همین بود"),
    ]


async def test_a_group_is_told_and_left(chats: Chats) -> None:
    await chats.delivery.leave_group(CHAT, "در گفت‌وگوی خصوصی")
    await chats.delivery.leave_group(CHAT, None)
    assert chats.wire.calls == [("sendMessage", "در گفت‌وگوی خصوصی", None), ("leave", 7), ("leave", 7)]


async def test_another_messenger_gets_nothing(chats: Chats) -> None:
    there = replace(CHAT, messenger=Messenger.BALE)
    assert await chats.deliver(shows(to=there, callback_id="c", delete=8)) == []
    await chats.delivery.leave_group(there, "سلام")
    assert (chats.written, chats.wire.calls) == ([], [])


async def test_a_press_that_is_refused_is_answered_after_its_rest_if_that_is_short(
    chats: Chats, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def sleep(seconds: float) -> None:
        chats.now += seconds

    monkeypatch.setattr(screens_module, "asyncio", SimpleNamespace(**vars(asyncio) | {"sleep": sleep}))
    monkeypatch.setattr(screens_module, "time", SimpleNamespace(monotonic=lambda: chats.now))
    press = Answer(CHAT, notice="نه", callback_id="c")
    for rest, tries in ((10, 2), (11, 1)):
        chats.wire.results["press"] = [RetryAfter(rest)]
        assert await chats.deliver(press) == [("press", "c", "نه")] * tries
        chats.now += 60
    chats.wire.results["press"] = [RetryAfter(5), RetryAfter(5), RetryAfter(1)]
    assert len(await chats.deliver(press)) == 3, "ten seconds in all"
    chats.now += 60
    for error in (BadRequest("query is too old"), NetworkError("x"), Forbidden("x")):
        chats.wire.results["press"] = [error]
        assert len(await chats.deliver(press)) == 1
    assert chats.channel.limiter.wait(7) == 0.0, "nothing of it delays messages"


async def test_answers_are_noted_together_and_each_once(chats: Chats) -> None:
    chats.database.later = units = []
    rows = list(range(1, 67))
    for row in rows:
        await chats.deliver(Answer(CHAT, update_row=row))
    await chats.deliver(Answer(CHAT))
    assert len(units) == 2
    for unit in units:
        unit(chats.database)
    assert chats.written == [("answered", *rows[:64]), ("answered", *rows[64:])]
    await chats.deliver(Answer(CHAT, update_row=99))
    units[2](chats.database)
    units[2](chats.database)
    assert chats.written[2:] == [("answered", 99)] * 2, "tried again it marks the same"
    await chats.deliver(Answer(CHAT, update_row=100))
    assert len(units) == 4
