"""Where an update leads, what a chain of replies shows, what a refusal says: each way of `UpdateRouter` by itself."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import update
from sqlmodel import Session

from bot.application.routes import EVERYONE, GUESTS, LOGGED_IN, OFFICERS, Routes
from bot.core.context import PublicInfo, Turn
from bot.core.incoming import Contact, Incoming, OfferedFile
from bot.core.refusals import AlreadyDecided, NotAllowed, Refusal, Stale
from bot.core.screens import Attachment, Button, Press, Reply, Screen, button
from bot.messengers.processing import inbox_store
from bot.messengers.processing.answer import Answer, ChatAddress
from bot.messengers.processing.inbox_store import InboxRow
from bot.texts import t
from handlers.telegram.processor import address_of, answer_of, lane_of, welcome
from handlers.telegram.router import MAX_GOTO, RoutedReply, UpdateRouter
from storage.enums import AccountState, InboxState, Messenger, Role
from storage.tables import Account, Chat, Grant, InboxUpdate
from tests.support.factories.reference_data import NOW
from tests.support.services import as_unit

INFO = PublicInfo("021-1234", "https://bot.example")
HOME = Press("home")
HOME_ROW = (button("خانه", "home"),)
QUESTION = Screen("نام؟", ((button("انصراف", "dialogue.cancel"),),))


@pytest.fixture(params=["sqlite"])
def database_url(request: pytest.FixtureRequest) -> str:
    url: str = request.getfixturevalue("sqlite_url")
    return url


class Dialogues:
    """An engine with one dialogue, which takes what begins with "dialogue."; what it was told."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.refuses: Refusal | None = None
        self.reply: Reply | Refusal = Reply((Screen("بعدی"),))

    def press_belongs(self, press: Press) -> bool:
        return press.action.startswith("dialogue.")

    def refusal(self, turn: Turn) -> Refusal | None:
        return self.refuses

    def current(self, turn: Turn) -> Screen:
        return QUESTION

    def handle_input(self, turn: Turn) -> Reply:
        self.told.append("input")
        if isinstance(self.reply, Refusal):
            raise self.reply
        return self.reply

    def leave(self, turn: Turn) -> None:
        self.told.append("left")
        turn.chat.dialogue = None


def routes(replies: dict[str, Any]) -> Routes:
    table = Routes()

    def decide(result: Any) -> Callable[[Turn, Press], Any]:
        def decided(turn: Turn, press: Press) -> Any:
            if isinstance(result, Exception):
                raise result
            return result(turn, press) if callable(result) else result

        return decided

    shows: dict[str, Any] = {
        "home": Screen(
            "خانه", ((button("فهرست", "list"), button("درباره", "about")), (button("بعدی", "act"),))
        ),
        "about": Screen("درباره", (HOME_ROW,)),
        "help": Screen("راهنما", (HOME_ROW,)),
        "list": lambda turn, press: Screen(
            f"فهرست {press.arg or 0}", ((button("باز", "case", 3),), HOME_ROW)
        ),
        "case": Screen("پرونده", ((button(t("nav.back"), "list"), *HOME_ROW),)),
        "round": Reply(goto=Press("round")),
        "refuses": Refusal("error.short_reason"),
        "files": Screen("مدارک", attachments=(Attachment(1, "الف"),)),
    }
    for action, result in (shows | replies).items():
        table.show(action, roles=EVERYONE, listed=action == "list", beside=action == "help")(decide(result))
    acts: dict[str, Any] = {
        "act": Reply(goto=Press("about"), notice="انجام شد"),
        "screen": Screen("کارت", (HOME_ROW,)),
        "late": AlreadyDecided(by="ب", time="ج", what="د"),
    }
    for action, result in acts.items():
        table.act(action, roles=EVERYONE)(decide(result))
    table.show("officers", roles=OFFICERS, suspended=OFFICERS)(decide(Screen("افسر")))
    table.show("members", roles=LOGGED_IN)(decide(Screen("عضو")))
    table.show("guests", roles=GUESTS)(decide(Screen("مهمان")))
    table.commands |= {"about": Press("about"), "start": HOME}
    table.payloads["card"] = "case"
    return table


class World:
    """A chat of a guest, or of an officer."""

    def __init__(self, db: Session, role: Role | None = None, **replies: Any) -> None:
        self.db = db
        self.dialogues = Dialogues()
        self.router = UpdateRouter(routes(replies), self.dialogues)  # type: ignore[arg-type]
        self.account = None
        if role is not None:
            self.account = Account(user_code="10000001", password_hash="x", first_name="سارا", last_name="ن")
            db.add(self.account)
            db.flush()
            db.add(Grant(account_id=self.account.id, role=role))
        self.chat = Chat(messenger=Messenger.TELEGRAM, chat_id=7, role=role)
        self.chat.account_id = self.account.id if self.account is not None else None
        db.add(self.chat)
        db.flush()

    def turn(self, **incoming: Any) -> Turn:
        given = Incoming(Messenger.TELEGRAM, 1, 7, message_id=5, **incoming)
        return Turn(self.db, NOW, INFO, self.chat, given, self.account)

    def press(self, press: Press | None) -> Turn:
        return self.turn(press=press, pressed=True, callback_id="c")

    def decide(self, turn: Turn, row: InboxRow | None = None) -> RoutedReply:
        return self.router.decide(turn, self.router.destination(turn), row=row)

    def says(self, text: str) -> str:
        """The whole answer to a text, as one."""
        return "\n--\n".join(screen.text for screen in self.decide(self.turn(text=text)).screens)


def texts(reply: RoutedReply) -> list[str]:
    return [screen.text for screen in reply.screens]


def labels(screen: Screen) -> list[list[str]]:
    return [[one.label for one in row] for row in screen.rows]


# -- where it leads --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("incoming", "outside", "inside"),
    [
        pytest.param({"text": "سلام"}, "text", "dialogue", id="text"),
        pytest.param({"text": "x", "edited": True}, "edited", "edited", id="an edited text"),
        pytest.param({"command": "about"}, Press("about"), "dialogue", id="a command"),
        pytest.param({"command": "other"}, "text", "dialogue", id="an unknown command"),
        pytest.param(
            {"command": "start", "payload": "card_9"},
            Press("case", arg="9"),
            Press("case", arg="9"),
            id="a link",
        ),
        pytest.param({"command": "start", "payload": "x"}, HOME, "dialogue", id="a link of somebody else's"),
        pytest.param({"command": "about", "payload": "card_9"}, Press("about"), "dialogue", id="no link"),
        pytest.param({"pressed": True}, "stale", "stale", id="a foreign button"),
        pytest.param({"pressed": True, "press": HOME}, HOME, HOME, id="a button of the menu"),
        pytest.param(
            {"pressed": True, "press": Press("gone")}, "stale", "stale", id="a button that is no more"
        ),
        pytest.param(
            {"pressed": True, "press": Press("dialogue.x")}, "stale", "dialogue", id="a button of a question"
        ),
    ],
)
@as_unit
def test_where_an_update_leads(db: Session, incoming: dict[str, Any], outside: Any, inside: Any) -> None:
    w = World(db)
    assert w.router.destination(w.turn(**incoming)) == outside
    w.chat.dialogue = "d"
    assert w.router.destination(w.turn(**incoming)) == inside


@pytest.mark.parametrize(
    ("role", "state", "allowed"),
    [
        (None, None, {"home": "", "officers": "stale", "members": "stale", "guests": "", "gone": "stale"}),
        (
            Role.OFFICER,
            AccountState.ACTIVE,
            {"home": "", "officers": "", "members": "", "guests": "not_yours", "gone": "stale"},
        ),
        (
            Role.STAFF,
            AccountState.ACTIVE,
            {"home": "", "officers": "not_yours", "members": "", "guests": "not_yours"},
        ),
        (
            Role.OFFICER,
            AccountState.SUSPENDED,
            {"home": "suspended", "officers": "", "members": "suspended", "gone": "stale"},
        ),
    ],
    ids=str,
)
@as_unit
def test_who_may_press_what(db: Session, role: Any, state: Any, allowed: dict[str, str]) -> None:
    w = World(db, role)
    if w.account is not None:
        w.account.state = state
    found = {}
    for action in allowed:
        try:
            found[action] = "" if w.router.route(w.turn(), Press(action)).action == action else "?"
        except Refusal as refusal:
            found[action] = refusal.key.removeprefix("error.")
    assert found == allowed


@as_unit
def test_a_role_that_is_gone_opens_nothing(db: Session) -> None:
    w = World(db, Role.OFFICER)
    db.execute(update(Grant).values(active=False))
    with pytest.raises(NotAllowed):
        w.router.route(w.turn(), HOME)
    assert w.router.current(w.turn()) == Screen(t("error.stale"), ((button(t("nav.home"), "home"),),)), (
        "nothing of what it showed"
    )
    w.chat.view = "1|case|3||"
    assert texts(w.decide(w.press(Press("members")))) == [f"{t('error.not_yours')}\n\nخانه"]
    assert (w.chat.role, w.chat.account_id, w.chat.linked_at, w.chat.view) == (None, None, None, HOME.pack())


@as_unit
def test_a_chat_falls_back_to_a_role_that_is_left(db: Session) -> None:
    w = World(db, Role.OFFICER)
    db.execute(update(Grant).values(active=False))
    db.add(Grant(account_id=w.chat.account_id, role=Role.STAFF))
    db.flush()
    w.chat.dialogue, w.chat.view = "d", "1|case|3||"
    reply = w.decide(w.press(Press("dialogue.x")))
    assert w.dialogues.told == ["left"]
    assert (texts(reply), w.chat.role) == ([f"{t('error.not_yours')}\n\nخانه"], Role.STAFF)


# -- what a chain of replies shows -----------------------------------------------------------------


def shown(w: World, reply: Reply, **incoming: Any) -> RoutedReply:
    return w.router._rendered(w.turn(**incoming), reply)


@as_unit
def test_replies_that_follow_each_other_are_one(db: Session) -> None:
    w = World(
        db,
        chain=Reply(
            (Screen("دو"),),
            Press("about"),
            "ارسال شد",
            wipe_incoming=True,
            send_as_new=True,
            credentials_of=4,
        ),
    )
    start = Reply((Screen("یک"),), Press("chain", fresh=True), "ذخیره شد", quiet=2.0)
    reply = shown(w, start, pressed=True)
    assert texts(reply) == ["یک", "دو", "درباره"]
    assert reply == RoutedReply(
        reply.screens,
        "ذخیره شد\nارسال شد",
        wipe=True,
        send_as_new=True,
        quiet=2.0,
        credentials_of=4,
        said="ذخیره شد\n\nارسال شد\n\nیک\n\nدو",
    )
    assert w.chat.view == "1|about|||"
    plain = shown(w, Reply((Screen("یک"),)))
    assert plain == RoutedReply((Screen("یک"),))


@as_unit
def test_what_was_said_first_is_kept_through_the_chain(db: Session) -> None:
    w = World(db)
    first = Reply((), Press("about"), wipe_incoming=True, send_as_new=True, quiet=1.0, credentials_of=4)
    reply = shown(w, first)
    assert (reply.wipe, reply.send_as_new, reply.quiet, reply.credentials_of) == (True, True, 1.0, 4)


@as_unit
def test_a_notice_stands_above_the_screen_where_nothing_was_pressed(db: Session) -> None:
    w = World(db)
    said = Reply(notice="ذخیره شد", goto=Press("about"))
    assert texts(typed := shown(w, said)) == ["ذخیره شد\n\nدرباره"]
    assert (typed.notice, typed.said) == (None, "ذخیره شد")
    assert texts(pressed := shown(w, said, pressed=True)) == ["درباره"]
    assert (pressed.notice, pressed.said) == ("ذخیره شد", "ذخیره شد")
    two = Reply((Screen("یک"), Screen("دو")), notice="ذخیره شد")
    assert texts(shown(w, two)) == ["ذخیره شد\n\nیک", "دو"]
    again = Reply((Screen("کار ذخیره شد"),), notice="ذخیره شد.")
    assert shown(w, again, pressed=True) == RoutedReply(again.screens), "the screen says it"


@pytest.mark.parametrize(
    ("reply", "pressed", "seen"),
    [
        pytest.param(Reply(), False, ["خانه"], id="nothing"),
        pytest.param(Reply(), True, ["خانه"], id="nothing to a press"),
        pytest.param(Reply(notice="ذخیره شد"), True, [], id="a line over the button"),
        pytest.param(Reply(notice="ذخیره شد"), False, ["ذخیره شد\n\nخانه"], id="a line to a text"),
        pytest.param(Reply(quiet=1.0), False, [], id="a file of an album"),
        pytest.param(Reply((Screen("رمز", once=True),)), True, ["رمز", "خانه"], id="a password"),
        pytest.param(
            Reply((Screen("خانه"),), Press("home")), True, ["خانه"], id="what the screen below says as well"
        ),
        pytest.param(
            Reply((Screen("خانه", (HOME_ROW,)),), Press("home")),
            True,
            ["خانه", "خانه"],
            id="not with buttons",
        ),
        pytest.param(
            Reply((Screen("خانه", attachments=(Attachment(1, "الف"),)),), Press("home")),
            True,
            ["خانه", "خانه"],
            id="not with documents",
        ),
        pytest.param(
            Reply((Screen("خانه", ask_contact="شماره"),), Press("home")),
            True,
            ["خانه", "خانه"],
            id="not with a question for a number",
        ),
    ],
)
@as_unit
def test_what_is_shown_where_there_is_little(
    db: Session, reply: Reply, pressed: bool, seen: list[str]
) -> None:
    assert texts(shown(World(db), reply, pressed=pressed)) == seen


@as_unit
def test_documents_keep_their_place_and_so_do_passwords(db: Session) -> None:
    w = World(db)
    assert shown(w, Reply(goto=Press("files"))).files
    assert shown(w, Reply((Screen("x", attachments=(Attachment(1, "الف"),)),), Press("about"))).files
    assert not shown(w, Reply(goto=Press("about"))).files


@as_unit
def test_screens_that_lead_to_each_other_for_ever_are_a_mistake(db: Session) -> None:
    def chain(turn: Turn, press: Press) -> Any:
        left = int(press.arg)
        return Reply(goto=Press("chain", arg=f"{left - 1}")) if left > 1 else Screen("آخر")

    w = World(db, chain=chain)
    assert texts(shown(w, Reply(goto=Press("chain", arg=f"{MAX_GOTO - 1}")))) == ["آخر"]
    with pytest.raises(RuntimeError, match="circles"):
        shown(w, Reply(goto=Press("round")))


@as_unit
def test_what_is_in_view_is_noted_outside_dialogues_alone(db: Session) -> None:
    w = World(db)
    listed = Press("list", arg="2")
    shown(w, Reply(goto=listed))
    assert (w.chat.view, w.chat.list_view) == (listed.pack(), listed.pack())
    reply = shown(w, Reply(goto=Press("case", 3)))
    assert (w.chat.view, w.chat.list_view) == ("1|case|3||", listed.pack())
    assert next(iter(reply.screens[0].buttons())).press == listed, "back to the same page"
    w.chat.dialogue = "d"
    shown(w, Reply(goto=Press("list", arg="1")))
    assert (w.chat.view, w.chat.list_view) == ("1|case|3||", listed.pack())


# -- the current screen ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("view", "text"),
    [
        (None, "خانه"),
        ("1|about|||", "درباره"),
        ("nonsense", "خانه"),
        ("1|refuses|||", "خانه"),
        ("1|gone|||", "خانه"),
        ("1|members|||", "خانه"),
    ],
)
@as_unit
def test_what_a_chat_shows_now(db: Session, view: str | None, text: str) -> None:
    w = World(db)
    w.chat.view = view
    assert w.router.current(w.turn()).text == text
    w.chat.dialogue = "d"
    assert w.router.current(w.turn()) == QUESTION
    w.dialogues.refuses = NotAllowed()
    assert w.router.current(w.turn()).text == text


@as_unit
def test_where_not_even_home_can_be_shown(db: Session) -> None:
    w = World(db, home=Refusal("error.short_reason"))
    assert w.router.current(w.turn()) == Screen(t("error.unknown"))


# -- refusals --------------------------------------------------------------------------------------


@as_unit
def test_a_refusal_is_said_above_the_screen_with_its_ways_on(db: Session) -> None:
    w = World(db)
    w.chat.view = "1|files|||"
    ways = (button("ورود", "login"), button("درباره", "about"))
    reply = w.router.refused(w.turn(), Refusal("error.suspended", reason="x", next_buttons=ways))
    (screen,) = reply.screens
    assert screen.text == f"{t('error.suspended', reason='x', contact='021-1234')}\n\nمدارک"
    assert (labels(screen), screen.attachments, reply.toast) == ([["ورود"], ["درباره"]], (), None)
    pressed = w.router.refused(w.press(None), Refusal("error.unknown"))
    assert pressed.toast == t("error.unknown")


@as_unit
def test_a_way_that_a_refusal_offers_is_not_offered_twice(db: Session) -> None:
    w = World(db)
    reply = w.router.refused(w.turn(), Refusal("error.edited", next_buttons=(button("درباره", "x"),)))
    assert labels(reply.screens[0]) == [["درباره"], ["فهرست"], ["بعدی"]]
    alone = w.router.refused(w.turn(), Refusal("error.edited", next_buttons=(button("بعدی", "x"),)))
    assert labels(alone.screens[0]) == [["بعدی"], ["فهرست", "درباره"]], "no empty row"


@pytest.mark.parametrize(
    ("view", "dialogue", "key", "rows"),
    [
        pytest.param("1|files|||", None, "error.unknown", [["🏠 خانه"]], id="home is offered"),
        pytest.param("1|about|||", None, "error.unknown", [["خانه"]], id="it is there"),
        pytest.param("1|files|||", None, "error.edited", [], id="not for another reason"),
        pytest.param("1|files|||", "d", "error.unknown", [["انصراف"]], id="not in a dialogue"),
        pytest.param(None, None, "error.unknown", [["فهرست", "درباره"], ["بعدی"]], id="not at home"),
        pytest.param(
            "1|home|||", None, "error.unknown", [["فهرست", "درباره"], ["بعدی"]], id="not at home either"
        ),
    ],
)
@as_unit
def test_from_every_screen_that_was_not_understood_a_way_home(
    db: Session, view: str | None, dialogue: str | None, key: str, rows: list[list[str]]
) -> None:
    w = World(db)
    w.chat.view, w.chat.dialogue = view, dialogue
    found = labels(w.router.refused(w.turn(), Refusal(key)).screens[0])
    assert found == [[t("nav.home") if label == "🏠 خانه" else label for label in row] for row in rows]


@as_unit
def test_a_sentence_that_the_screen_says_is_not_said_twice(db: Session) -> None:
    sentence = t("error.edited")
    w = World(db, home=Screen(f"باز هم: {sentence}"))
    assert texts(w.router.refused(w.turn(), Refusal("error.edited"))) == [f"باز هم: {sentence}"]
    w.chat.view = "1|about|||"
    assert texts(w.router.refused(w.turn(), Refusal("error.edited"))) == [f"{sentence}\n\nدرباره"]


@as_unit
def test_a_refused_request_leaves_nothing_but_what_it_asks_to_keep(db: Session) -> None:
    def refuses(turn: Turn, press: Press) -> Any:
        turn.chat.view = "1|about|||"
        raise Refusal("error.edited", after=lambda db: kept.append("alert"))

    kept: list[str] = []
    w = World(db, refuses=refuses)
    assert texts(w.decide(w.press(Press("refuses")))) == [f"{t('error.edited')}\n\nخانه"]
    assert (kept, w.chat.view) == (["alert"], "1|home|||")


@as_unit
def test_a_mistake_of_ours_while_preparing_is_no_refusal(db: Session) -> None:
    w = World(db)
    broken = Refusal("error.crash")
    broken.__cause__ = ZeroDivisionError()
    with pytest.raises(ZeroDivisionError):
        w.router.decide(w.turn(), HOME, broken)
    other = Refusal("error.edited")
    other.__cause__ = ZeroDivisionError()
    assert texts(w.router.decide(w.turn(), HOME, other)) == [f"{t('error.edited')}\n\nخانه"]
    assert texts(w.router.decide(w.turn(), HOME, Refusal("error.crash", number="5")))[0].endswith("\n\nخانه")


def stored_press(db: Session, number: int, action: str, state: InboxState = InboxState.RECEIVED) -> InboxRow:
    raw = f'{{"callback_query": {{"message": {{"message_id": 5}}, "data": "1|{action}|||"}}}}'
    row = InboxUpdate(
        messenger=Messenger.TELEGRAM, update_id=number, lane=7, raw=raw, received_at=NOW, state=state
    )
    db.add(row)
    db.flush()
    return InboxRow(row.id or 0, row.messenger, number, 7, raw)


@pytest.mark.parametrize("action", ["late", "gone", "members"])
@pytest.mark.parametrize("before", [True, False])
@as_unit
def test_the_second_of_two_taps_is_answered_without_a_word(db: Session, action: str, before: bool) -> None:
    w = World(db)
    stored_press(db, 1, action if before else "home", InboxState.DONE)
    row = stored_press(db, 2, action)
    reply = w.decide(w.press(Press(action)), row)
    assert (reply == RoutedReply(())) is before
    db.expire_all()
    assert db.get_one(InboxUpdate, row.id).note == (None if before else "refused")


@as_unit
def test_a_refusal_of_another_kind_is_said_again_and_a_text_is_no_tap(db: Session) -> None:
    w = World(db)
    stored_press(db, 1, "refuses", InboxState.DONE)
    row = stored_press(db, 2, "refuses")
    assert w.decide(w.press(Press("refuses")), row).screens
    assert db.get_one(InboxUpdate, row.id).note == "refused"
    typed = stored_press(db, 3, "refuses")
    assert w.decide(w.turn(text="؟؟x"), typed).screens
    db.expire_all()
    assert db.get_one(InboxUpdate, typed.id).note is None


# -- words ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "guest", "officer"),
    [
        ("ممنون", f"{t('spoken.acknowledgement')}\n\nخانه", f"{t('spoken.acknowledgement')}\n\nخانه"),
        ("سلام", "خانه", f"{t('spoken.greeting')}\n\nخانه"),
        ("منو", "خانه", "خانه"),
        ("لغو", "خانه", "خانه"),
        ("راهنما", "راهنما", "راهنما"),
        ("چطور ثبت‌نام کنم؟", f"{t('spoken.question')}\n\nراهنما", f"{t('spoken.question')}\n\nراهنما"),
        ("qwx", f"{t('error.unknown')}\n\nدرباره", f"{t('error.unknown')}\n\nدرباره"),
        ("خانه", "خانه", "خانه"),
        ("۱", "خانه", "خانه"),
        ("۲", f"{t('error.unknown')}\n\nدرباره", f"{t('error.unknown')}\n\nدرباره"),
        ("۰", f"{t('error.unknown')}\n\nدرباره", f"{t('error.unknown')}\n\nدرباره"),
        ("۱۰۰", f"{t('error.unknown')}\n\nدرباره", f"{t('error.unknown')}\n\nدرباره"),
    ],
)
@as_unit
def test_what_words_outside_a_dialogue_mean(db: Session, text: str, guest: str, officer: str) -> None:
    w = World(db)
    w.chat.view = "1|about|||"
    assert w.says(text) == guest
    with db.begin_nested():
        db.delete(w.chat)
        db.flush()
        member = World(db, Role.OFFICER)
        member.chat.view = "1|about|||"
        assert member.says(text) == officer


@as_unit
def test_back_in_words_is_the_button_in_view(db: Session) -> None:
    w = World(db)
    w.chat.view = "1|case|3||"
    assert w.says("برگشت") == "فهرست 0"
    w.chat.view = "1|about|||"
    assert w.says("برگشت") == "خانه", "there is none"


@as_unit
def test_a_button_is_meant_by_its_label_and_by_its_place(db: Session) -> None:
    w = World(db)
    for text in ("درباره", "۲", "2"):
        w.chat.view = None
        assert w.says(text) == "درباره"
    w.chat.view = None
    assert w.says("3") == "انجام شد\n\nدرباره"
    w.chat.view = None
    assert texts(w.decide(w.turn(text="/2", command="2"))) == [f"{t('error.unknown')}\n\nخانه"]


@as_unit
def test_links_are_not_counted_among_the_buttons(db: Session) -> None:
    home = Screen("خانه", ((Button("سایت", url="https://x"), button("درباره", "about")),))
    w = World(db, home=home)
    assert w.says("۱") == "درباره"
    w.chat.view = None
    assert w.says("سایت") == f"{t('error.unknown')}\n\nخانه"


@as_unit
def test_a_text_on_a_screen_that_takes_texts(db: Session) -> None:
    w = World(db)
    asked: list[tuple[str, str]] = []

    def typed(turn: Turn, press: Press, text: str) -> Reply | None:
        asked.append((press.action, text))
        return Reply(goto=Press("about")) if text == "نگار" else None

    takes = {"officers": OFFICERS, "shelf": EVERYONE}
    for action, roles in takes.items():
        table = w.router.routes
        table.by_action.pop(action, None)
        table.show(action, roles=roles, typed=typed)(lambda turn, press: Screen("قفسه", (HOME_ROW,)))
    w.chat.view = "1|shelf|||"
    assert w.says("نگار") == "درباره"
    w.chat.view = "1|shelf|||"
    assert w.says("نادر") == f"{t('error.unknown')}\n\nقفسه"
    assert w.says("/نگار").endswith("قفسه")
    w.chat.view = "1|shelf|||"
    w.decide(w.turn(text="/x", command="x"))
    w.chat.view = "1|officers|||"
    w.decide(w.turn(text="نگار"))
    assert asked == [("shelf", "نگار"), ("shelf", "نادر"), ("shelf", "/نگار")]


@pytest.mark.parametrize(
    ("role", "found", "text", "says"),
    [
        (Role.EXPERT, True, "نگار", "درباره"),
        (Role.EXPERT, False, "نگار", f"{t('search.nothing')}\n\nخانه"),
        (Role.STAFF, True, "نگار", "درباره"),
        (Role.OFFICER, True, "نگار", f"{t('error.unknown')}\n\nخانه"),
        (None, True, "نگار", f"{t('error.unknown')}\n\nخانه"),
        (Role.EXPERT, False, "نگار " * 100, f"{t('error.unknown')}\n\nخانه"),
        (Role.EXPERT, False, "این را چطور ببینم؟", f"{t('spoken.question')}\n\nراهنما"),
    ],
)
@as_unit
def test_a_reviewers_text_is_a_search(db: Session, role: Any, found: bool, text: str, says: str) -> None:
    w = World(db, role)
    w.router.routes.search = lambda turn, text: Reply(goto=Press("about")) if found else None
    assert w.says(text) == says
    if role is Role.EXPERT:
        w.chat.view = None
        assert texts(w.decide(w.turn(text="/x", command="x"))) == [f"{t('error.unknown')}\n\nخانه"]
        w.router.routes.search = None
        assert w.says("نگار") == f"{t('error.unknown')}\n\nخانه"


FILE = OfferedFile("f", "a.pdf", 10, False)


@pytest.mark.parametrize(
    ("role", "incoming", "key", "ways"),
    [
        (None, {"file": FILE}, "error.file_at_home_guest", ["register", "login"]),
        (Role.OFFICER, {"file": FILE}, "error.file_at_home_officer", ["qual"]),
        (Role.STAFF, {"file": FILE}, "error.file_at_home_other", []),
        (None, {"contact": Contact("0912", True)}, "error.contact_at_home", []),
        (None, {"unread": "voice"}, "error.voice_at_home", []),
        (None, {"unread": "sticker"}, "error.sticker_at_home", []),
        (None, {}, "error.unknown", []),
    ],
    ids=str,
)
@as_unit
def test_what_is_no_text_says_where_it_is_taken(
    db: Session, role: Any, incoming: dict[str, Any], key: str, ways: list[str]
) -> None:
    w = World(db, role)
    (screen,) = w.decide(w.turn(**incoming)).screens
    assert screen.text == f"{t(key)}\n\nخانه"
    assert [one.press.action for one in screen.buttons() if one.press][: len(ways)] == ways
    assert len(screen.rows) == 2 + len(ways)


@pytest.mark.parametrize(
    ("role", "text", "key", "wiped"),
    [
        (None, "10000001 Abcd1234", "error.credentials_unasked", True),
        (Role.OFFICER, "10000001 Abcd1234", "error.credentials_inside", True),
        (None, "qwx", "error.unknown", False),
    ],
)
@as_unit
def test_a_password_that_nobody_asked_for_is_wiped(
    db: Session, role: Any, text: str, key: str, wiped: bool
) -> None:
    w = World(db, role)
    reply = w.decide(w.turn(text=text))
    assert (texts(reply), reply.wipe) == ([f"{t(key)}\n\nخانه"], wiped)
    login = [one.press for one in reply.screens[0].buttons() if one.press and one.press.action == "login"]
    assert len(login) == (key == "error.credentials_unasked")
    edited = w.decide(w.turn(text=text, edited=True))
    assert edited.wipe is wiped
    assert texts(edited) == [f"{t(key if wiped else 'error.edited')}\n\nخانه"]


@as_unit
def test_a_code_of_somebody_is_wiped_for_guests_alone(db: Session) -> None:
    db.add(Account(user_code="20000001", password_hash="x", first_name="ن", last_name="ن"))
    db.flush()
    w = World(db)
    assert w.decide(w.turn(text="20000001 abc")).wipe
    assert not w.decide(w.turn(text="20000002 abc")).wipe
    db.delete(w.chat)
    db.flush()
    member = World(db, Role.OFFICER)
    assert not member.decide(member.turn(text="20000001 abc")).wipe


# -- dialogues -------------------------------------------------------------------------------------


@pytest.mark.parametrize(("press", "left"), [(HOME, True), (Press("act"), True), (Press("help"), False)])
@as_unit
def test_a_button_of_the_menu_leaves_the_dialogue_and_help_does_not(
    db: Session, press: Press, left: bool
) -> None:
    w = World(db)
    w.chat.dialogue = "d"
    w.decide(w.press(press))
    assert w.dialogues.told == (["left"] if left else [])


@as_unit
def test_a_dialogue_that_is_shut_is_left_and_says_why(db: Session) -> None:
    w = World(db)
    w.chat.dialogue = "d"
    assert texts(w.decide(w.turn(text="x"))) == ["بعدی"]
    w.dialogues.refuses = Refusal("error.edited")
    assert texts(w.decide(w.turn(text="x"))) == [f"{t('error.edited')}\n\nخانه"]
    assert w.dialogues.told == ["input", "left"]
    assert w.router.shut(w.turn()) is None, "none is open"


@as_unit
def test_a_suspended_account_is_told_why_in_the_middle_of_a_dialogue(db: Session) -> None:
    w = World(db, Role.OFFICER)
    assert w.account is not None
    w.chat.dialogue = "d"
    assert w.router.shut(w.turn()) is None
    w.account.state, w.account.state_reason = AccountState.SUSPENDED, "مدرک جعلی"
    shut = w.router.shut(w.turn())
    assert shut is not None
    assert shut.key == "error.suspended"
    assert "مدرک جعلی" in w.router.refused(w.turn(), shut).screens[0].text
    db.execute(update(Grant).values(active=False))
    assert isinstance(w.router.shut(w.turn()), NotAllowed)


@as_unit
def test_a_refused_answer_leaves_the_question(db: Session) -> None:
    w = World(db)
    w.chat.dialogue = "d"
    w.dialogues.reply = Refusal("error.edited")
    assert texts(w.decide(w.turn(text="x"))) == [f"{t('error.edited')}\n\nنام؟"]
    assert w.chat.dialogue == "d"


@as_unit
def test_an_act_may_show_a_screen_by_itself(db: Session) -> None:
    w = World(db)
    reply = w.decide(w.press(Press("screen")))
    assert (reply.screens, w.chat.view) == ((Screen("کارت", (HOME_ROW,)),), None)
    with pytest.raises(Stale):
        w.router._press(w.turn(), Press("gone"))


# -- the answer ------------------------------------------------------------------------------------


@as_unit
def test_what_delivery_is_given(db: Session) -> None:
    w = World(db)
    w.chat.keyboard, w.chat.rest_until, w.chat.has_pay_message = True, NOW, True
    w.chat.show_at = NOW
    address = ChatAddress(Messenger.TELEGRAM, 7, w.chat.id, True, True, NOW, True)
    screens = (Screen("x"),)
    typed = answer_of(w.turn(), RoutedReply(screens, "ن", said="گ", toast="ت"), 5)
    assert typed == Answer(address, screens, notice="ن", toast="ت", update_row=5, said="گ", plain=True), (
        "as it was before"
    )
    assert (w.chat.keyboard, w.chat.show_at) == (False, None)
    address = replace(address, keyboard=False)
    pressed = answer_of(w.press(HOME), RoutedReply(screens), 5)
    assert pressed == Answer(address, screens, update_row=5, edit=5, callback_id="c", plain=True)
    for anew in (
        answer_of(w.press(replace(HOME, fresh=True)), RoutedReply(screens), 5),
        answer_of(w.press(HOME), RoutedReply(screens, send_as_new=True), 5),
    ):
        assert anew == replace(pressed, edit=None)
    assert answer_of(w.press(None), RoutedReply(screens), 5) == pressed


@pytest.mark.parametrize(
    ("secret", "wipe", "pressed", "delete"),
    [
        (False, False, False, None),
        (True, False, False, 5),
        (False, True, False, 5),
        (True, True, True, None),
    ],
)
@as_unit
def test_which_message_is_deleted(
    db: Session, secret: bool, wipe: bool, pressed: bool, delete: int | None
) -> None:
    w = World(db)
    answer = answer_of(w.turn(pressed=pressed), RoutedReply((Screen("x"),), wipe=wipe), 5, secret=secret)
    assert answer.delete == delete


@as_unit
def test_which_answers_a_newer_one_may_replace(db: Session) -> None:
    w = World(db)
    given = (RoutedReply(()), RoutedReply((), files=True), RoutedReply((), credentials_of=3))
    assert [answer_of(w.turn(), reply, 5).plain for reply in given] == [True, False, False]
    assert answer_of(w.turn(), given[2], 5).credentials_of == 3


@as_unit
def test_a_file_of_an_album_says_nothing_and_is_shown_later(db: Session) -> None:
    w = World(db)
    row = stored_press(db, 1, "x", InboxState.DONE)
    w.chat.keyboard = True
    answer = answer_of(w.turn(), RoutedReply((), quiet=2.0), row.id)
    assert (answer.quiet, (w.chat.show_at or NOW) - NOW) == (2.0, inbox_store.timedelta(seconds=2))
    assert w.chat.keyboard, "nothing was shown that takes it away"
    db.expire_all()
    assert db.get_one(InboxUpdate, row.id).state is InboxState.ANSWERED
    w.chat.show_at = None
    assert answer_of(w.turn(), RoutedReply((Screen("x"),), quiet=2.0), row.id).quiet is None
    answer_of(w.turn(), RoutedReply((), quiet=2.0), None)
    assert w.chat.show_at is None


@as_unit
def test_the_keyboard_that_stands_is_known(db: Session) -> None:
    w = World(db)
    asks = Screen("شماره؟", ask_contact="ارسال")
    for screens, open_after in (((asks,), True), ((), True), ((asks, Screen("x")), False)):
        answer_of(w.turn(), RoutedReply(screens), 5)
        assert w.chat.keyboard is open_after


@as_unit
def test_a_chat_that_writes_lives_and_a_new_one_gets_its_row(db: Session) -> None:
    w = World(db, Role.OFFICER)
    w.chat.dead = True
    welcome(w.turn())
    assert not w.chat.dead
    assert not address_of(w.turn()).guest
    new = inbox_store.load_turn(db, Incoming(Messenger.BALE, 1, 9), NOW, INFO)
    welcome(new)
    assert new.chat.id is not None
    assert lane_of(Messenger.BALE, 9) == "bale:9"
    assert lane_of(Messenger.BALE, None) is None
