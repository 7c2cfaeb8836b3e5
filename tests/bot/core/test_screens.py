"""Buttons as they are packed, kept and read again; and who acts in a turn."""

from types import SimpleNamespace
from typing import Any

import pytest
from sqlmodel import Session

from bot.core import counters, loop_watchdog, screens
from bot.core.context import Actor, PublicInfo, Turn
from bot.core.counters import LoopCounters
from bot.core.incoming import Incoming
from bot.core.loop_watchdog import LoopWatchdog, describe
from bot.core.screens import (
    BadPress,
    Button,
    Press,
    Reply,
    Screen,
    button,
    paid_by,
    rows_from_json,
    rows_to_json,
)
from storage.enums import Messenger, Role
from storage.tables import Account, Chat, Grant
from tests.support.factories.reference_data import NOW

# ── buttons ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("press", "packed"),
    [
        (Press("a.b"), "1|a.b|||"),
        (Press("a.b", 1, 35), "1|a.b|1|z|"),
        (Press("a.b", 36, 37, "x"), "1|a.b|10|11|x"),
        (Press("a_b", 0, 0, "x|y"), "1|a_b|||x|y"),
        (Press("a.b", 2**53 - 1, 2**31 - 1, "ب", fresh=True), "1f|a.b|2gosa7pa2gv|zik0zj|ب"),
        (Press("a" * 24, 7, 0, "x" * 34), f"1|{'a' * 24}|7||{'x' * 34}"),
    ],
)
def test_a_button_is_packed_and_means_the_same_again(press: Press, packed: str) -> None:
    assert press.pack() == packed
    assert Press.unpack(packed) == press


@pytest.mark.parametrize(
    "press",
    [
        Press("a.b", -1),
        Press("a.b", 0, -1),
        Press("A.b"),
        Press(""),
        Press("a" * 25),
        Press("a.b", 36**13),
        Press("a.b", 0, 36**8),
        Press("a" * 24, 7, 0, "x" * 35),
        Press("a.b", 0, 0, "ب" * 29),
    ],
)
def test_a_button_that_does_not_fit_is_no_button(press: Press) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        press.pack()


@pytest.mark.parametrize(
    "packed",
    [
        "",
        "2|a.b|||",
        "1x|a.b|||",
        "1|A.b|||",
        "1||||",
        "1|a.b|||" + "x" * 57,
        "1|a.b|||" + "ب" * 29,
        "1|a.b|2gosa7pa2gw||",  # 2**53
        "1|a.b||zik0zk|",  # 2**31
        "1|a.b|||\x1f",
        "1|a.b|||\x7f",
        "1|a.b|||\ud800",
    ],
)
def test_what_this_program_did_not_write(packed: str) -> None:
    with pytest.raises(BadPress):
        Press.unpack(packed)


def test_letters_at_the_borders_of_what_is_kept() -> None:
    for arg in (" ", "~", "\x80", "\ud7ff", "\ue000", "x" * 56):
        assert Press.unpack(f"1|a.b|||{arg}").arg == arg
    assert Press.unpack("1|a.b|2gosa7pa2gv|zik0zj|").id == 2**53 - 1


@pytest.mark.parametrize(("former", "now"), screens.FORMER_ACTIONS.items())
def test_a_button_of_an_earlier_release_means_what_it_meant(former: str, now: str) -> None:
    assert Press.unpack(f"1|{former}|5|2|x") == Press(now, 5, 2, "x")


def test_rows_as_a_push_keeps_them() -> None:
    rows = (
        (button("یک", "a.b", 5, 2, "x"), Button("دو", url="https://x", pays=7)),
        (Button("سه", copy="متن"), Button("چهار")),
    )
    kept = [
        [{"label": "یک", "press": "1f|a.b|5|2|x"}, {"label": "دو", "url": "https://x"}],
        [{"label": "سه", "copy": "متن"}, {"label": "چهار", "copy": ""}],
    ]
    assert rows_to_json(rows) == kept
    assert rows_from_json(kept) == (
        (Button("یک", Press("a.b", 5, 2, "x", fresh=True)), Button("دو", url="https://x")),
        (Button("سه", copy="متن"), Button("چهار", copy="")),
    )
    assert paid_by(rows) == 7
    assert paid_by(rows[1:]) is None
    assert paid_by(((Button("x", pays=0),),)) == 0


def test_a_screen_with_more_below() -> None:
    screen = Screen("متن", ((button("یک", "a"),),), ask_contact="شماره")
    more = (button("دو", "b"),)
    assert screen.below() is screen
    assert screen.below(more) == Screen("متن", ((button("یک", "a"),), more), ask_contact="شماره")
    assert [one.label for one in screen.below(more).buttons()] == ["یک", "دو"]
    plain = Reply()
    assert (plain.screens, plain.goto, plain.wipe_incoming, plain.send_as_new, plain.quiet) == (
        (),
        None,
        False,
        False,
        None,
    )


# ── who acts ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def turn(role: Role | None, *grants: Grant, account: bool = True, **more: Any) -> Turn:
    chat = Chat(id=3, messenger=Messenger.BALE, chat_id=9, role=role)
    owner = Account(id=7, user_code="10000001", first_name="س", last_name="ک") if account else None
    incoming = Incoming(Messenger.BALE, 1, 9)
    return Turn(Session(), NOW, PublicInfo("", ""), chat, incoming, owner, loaded_grants=grants, **more)


def grant(role: Role, *, active: bool = True, **more: Any) -> Grant:
    return Grant(account_id=7, role=role, active=active, **more)


def test_who_asks_a_service_is_the_account_in_the_role_of_its_chat() -> None:
    expert = grant(Role.EXPERT, university_code="sums")
    manager = grant(Role.DISTRIBUTOR, distributor_id=5)
    ended = grant(Role.DISTRIBUTOR, active=False, distributor_id=4)
    assert turn(Role.EXPERT, ended, manager, expert).actor == Actor(
        7, Role.EXPERT, "sums", Messenger.BALE, None, 3
    )
    assert turn(Role.DISTRIBUTOR, expert, ended, manager).actor == Actor(
        7, Role.DISTRIBUTOR, None, Messenger.BALE, 5, 3
    )
    assert turn(Role.DISTRIBUTOR, ended, expert).actor == Actor(
        7, Role.DISTRIBUTOR, None, Messenger.BALE, None, 3
    )


def test_a_guest_has_no_role() -> None:
    assert turn(Role.EXPERT, account=False).role is None
    assert turn(Role.EXPERT).role is Role.EXPERT


@pytest.mark.parametrize(
    ("made", "holds"),
    [
        (turn(Role.EXPERT, grant(Role.EXPERT)), True),
        (turn(Role.EXPERT, grant(Role.EXPERT, active=False)), False),
        (turn(Role.EXPERT, grant(Role.OFFICER)), False),
        (turn(Role.EXPERT), False),
        (turn(None, grant(Role.EXPERT)), False),
        (turn(Role.EXPERT, grant(Role.EXPERT), account=False), False),
        # What was read together with the chat counts, where it is of this account in this role.
        (turn(Role.EXPERT, standing=(7, Role.EXPERT, True)), True),
        (turn(Role.EXPERT, grant(Role.EXPERT), standing=(7, Role.EXPERT, False)), False),
        (turn(Role.EXPERT, grant(Role.EXPERT), standing=(8, Role.EXPERT, False)), True),
        (turn(Role.EXPERT, grant(Role.EXPERT), standing=(7, Role.OFFICER, False)), True),
    ],
)
def test_whether_the_role_of_a_chat_is_still_held(made: Turn, holds: bool) -> None:
    assert made.holds_role is holds


def test_roles_are_read_when_first_asked_for_and_kept() -> None:
    asked: list[Any] = []
    one = turn(Role.OFFICER)
    one.loaded_grants = None
    one.db = SimpleNamespace(exec=lambda statement, params: asked.append(params) or [grant(Role.OFFICER)])  # type: ignore[assignment]
    assert [one.grants[0].role, one.grants[0].role] == [Role.OFFICER] * 2
    assert asked == [{"account_id": 7}]
    guest = turn(None, account=False)
    guest.loaded_grants = None
    assert guest.grants == ()
    guest.grants = (grant(Role.OFFICER),)
    assert len(guest.grants) == 1


# ── what is measured ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_longest_hold_is_that_of_the_last_period_or_two() -> None:
    held = LoopCounters()
    assert held.longest_hold == 0.0
    told = []
    for seconds, at in ((0.2, 60.0), (0.5, 119.9), (0.3, 120.0), (0.1, 179.9), (0.1, 180.0), (0.05, 240.0)):
        held.note(seconds, at)
        told.append(held.longest_hold)
    assert told == [0.2, 0.5, 0.5, 0.5, 0.3, 0.1]
    assert counters.HOLD_PERIOD == 60.0


def test_a_hold_is_counted_from_a_tenth_of_a_second_on_and_told_every_ten_seconds(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    now = [100.0]
    monkeypatch.setattr(loop_watchdog.time, "monotonic", lambda: now[0])
    watchdog = LoopWatchdog(LoopCounters())
    for held, at in ((0.099, 100.0), (0.1, 100.0), (0.25, 109.9), (0.3, 109.95), (0.4, 110.0), (0.5, 120.0)):
        now[0] = at
        watchdog._seen = "bot.x.y" if held == 0.4 else ""
        watchdog._note(held)
    assert watchdog.counters.long_holds == 5
    words = "the loop was held for {} ms by {} ({} more since the last line)"
    assert caplog.messages == [
        words.format(100, "many short steps", 0),
        words.format(400, "bot.x.y", 2),
        words.format(500, "many short steps", 0),
    ]


def test_another_process_polls_where_two_conflicts_are_close(monkeypatch: pytest.MonkeyPatch) -> None:
    """A restart meets the process before it once."""
    now = [1000.0]
    monkeypatch.setattr(counters.time, "monotonic", lambda: now[0])
    counted = counters.Counters()
    counted.note_poll_conflict(Messenger.BALE)
    assert counted.polled_by_others == []
    now[0] = 1100.0
    counted.note_poll_conflict(Messenger.BALE)
    counted.note_poll_conflict(Messenger.TELEGRAM)
    now[0] = 1119.9
    assert counted.polled_by_others == [Messenger.BALE]
    now[0] = 1120.0
    assert counted.polled_by_others == []
    counted.note_poll_conflict(Messenger.BALE)
    assert counted.polled_by_others == [Messenger.BALE]
    assert counted.poll_conflicts == {Messenger.BALE: 3, Messenger.TELEGRAM: 1}


def frame(*functions: tuple[str, str]) -> Any:
    """The innermost first."""
    back = None
    for path, name in reversed(functions):
        code = SimpleNamespace(co_filename=f"{loop_watchdog._ROOT / path}.py", co_qualname=name)
        back = SimpleNamespace(f_code=code, f_back=back)
    return back


@pytest.mark.parametrize(
    ("functions", "job", "words"),
    [
        ([], "", ""),
        ([], "sweep", "sweep"),
        ([("bot/jobs/digest", "send")], "sweep", "sweep: bot.jobs.digest.send"),
        (
            [("storage/prepared", "run"), ("bot/a", "one"), ("../lib/x", "f"), ("handlers/b", "B.two"), ("tests/c", "t")],
            "",
            "bot.a.one < handlers.b.B.two",
        ),
        ([(f"conversations/{n}", "f") for n in range(6)], "", " < ".join(f"conversations.{n}.f" for n in range(4))),
    ],
)  # fmt: skip
def test_what_holds_the_loop_is_named_the_innermost_first(
    functions: list[tuple[str, str]], job: str, words: str
) -> None:
    assert describe(frame(*functions), job) == words
