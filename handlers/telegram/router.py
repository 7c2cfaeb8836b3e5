"""Routing: which route or dialogue an update leads to, and which screens follow. Pure decisions over a turn."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal

from bot.application.routes import REVIEWERS, Route, Routes
from bot.core.context import Turn
from bot.core.refusals import AlreadyDecided, NotAllowed, Refusal, Stale
from bot.core.screens import BadPress, Press, Reply, Screen, button
from bot.messengers.processing import inbox_store
from bot.messengers.processing.answer import ReplyChain
from bot.rules import credentials
from bot.rules.account import preferred
from bot.rules.recognised_words import Intent, intent_of
from bot.rules.validators import LONGEST_KEY, search_key
from bot.services import accounts
from bot.services.guide import faq
from bot.services.search.keys import TEXT_LENGTH
from bot.texts import has, quoted, t
from conversations.engine.engine import Engine
from conversations.engine.rendering import short_answer
from handlers.telegram.list_steps import typed_page, typed_row, with_ways_back
from storage.database.unit_of_work import savepoint
from storage.enums import AccountState, Role

HOME, HELP = Press("home"), Press("help")
#: Screens that may follow each other by `goto`.
MAX_GOTO = 6


@dataclass(frozen=True, slots=True)
class RoutedReply:
    screens: tuple[Screen, ...]
    notice: str | None = None
    wipe: bool = False
    send_as_new: bool = False
    quiet: float | None = None
    credentials_of: int | None = None
    #: Said over a pressed button as well, where that is seen: the screen may look the same as before.
    toast: str | None = None
    #: What is said this once, beside the screen that can be made again.
    said: str | None = None
    #: Files are in it: a newer screen does not take its place.
    files: bool = False


Destination = Press | Literal["dialogue", "text", "stale", "edited"]


class UpdateRouter:
    def __init__(self, routes: Routes, dialogues: Engine) -> None:
        self.routes = routes
        self.dialogues = dialogues

    def decide(
        self,
        turn: Turn,
        destination: Destination,
        refusal: Refusal | None = None,
        row: inbox_store.InboxRow | None = None,
    ) -> RoutedReply:
        """Do what the update in `row` asks for; `destination` is where it leads (see `destination`), `refusal` what its
        preparation ended in.

        Whatever a refused request had written is rolled back. The second tap on a button whose deed the first one did is
        answered without a word: the screen of the first stays."""
        lost = False
        if _has_lost_role(turn):
            lost = self._fall_back(turn)
            # The dialogue was left, and the roles are others.
            destination = self.destination(turn)
        if (shut := self.shut(turn)) is not None:
            self.dialogues.leave(turn)
            refusal = shut
        try:
            with savepoint(turn.db):
                if refusal is not None:
                    raise refusal
                return self._rendered(turn, self._choose(turn, destination))
        except Refusal as refused:
            if refused.__cause__ is not None and refused.key == "error.crash":
                raise refused.__cause__ from None
            inbox_store.load_again(turn)
            if lost and isinstance(refused, Stale):
                refused = NotAllowed()
            if refused.after is not None:
                refused.after(turn.db)
            if row is not None and turn.incoming.pressed:
                if _is_of_the_past(refused) and inbox_store.repeats_press(turn.db, row, turn.now):
                    return RoutedReply(())
                inbox_store.note_refusal(turn.db, row)
            if not self._holds_credentials(turn):
                return self.refused(turn, refused)
            if refused.key in ("error.unknown", "error.edited"):
                refused = (
                    Refusal("error.credentials_unasked", next_buttons=(button(t("guest.login"), "login"),))
                    if turn.account is None
                    else Refusal("error.credentials_inside")
                )
            return replace(self.refused(turn, refused), wipe=True)

    def destination(self, turn: Turn) -> Destination:
        """Where the update leads, changing nothing."""
        incoming, press = turn.incoming, turn.incoming.press
        if incoming.edited:
            return "edited"
        if incoming.command == "start" and (linked := self.routes.linked(incoming.payload)) is not None:
            return linked
        if turn.chat.dialogue is not None and (press is None or self.dialogues.press_belongs(press)):
            return "stale" if incoming.pressed and press is None else "dialogue"
        if incoming.pressed:
            if press is None or press.action not in self.routes.by_action:
                return "stale"
            return press
        if incoming.command is not None:
            return self.routes.commands.get(incoming.command, "text")
        return "text"

    def shut(self, turn: Turn) -> Refusal | None:
        """Why the dialogue in this chat is not this person's any more; None where it is, or none is open."""
        if turn.chat.dialogue is None:
            return None
        if turn.account is not None and not turn.holds_role:
            return NotAllowed()
        return _suspended(turn) if _is_suspended(turn) else self.dialogues.refusal(turn)

    def current(self, turn: Turn) -> Screen:
        """What the chat shows now: its dialogue's question, else its view, else home; nothing of what this person may
        not see any more."""
        if turn.account is not None and not turn.holds_role:
            return Screen(t("error.stale"), ((button(t("nav.home"), HOME.action),),))
        if turn.chat.dialogue is not None and self.shut(turn) is None:
            return self.dialogues.current(turn)
        for press in (_view(turn), HOME):
            if press is None:
                continue
            try:
                screens = self._rendered(turn, Reply(goto=press)).screens
            except Refusal:
                continue
            if screens:
                return screens[-1]
        return Screen(t("error.unknown"))

    def refused(self, turn: Turn, refusal: Refusal) -> RoutedReply:
        """The sentence, its buttons, and below them the current screen."""
        values = {"contact": turn.public_info.support_contact} | refusal.args_of_text
        current = self.current(turn)
        next_rows = tuple((next_button,) for next_button in refusal.next_buttons)
        known = {next_button.label for next_button in refusal.next_buttons}
        left = (tuple(button for button in row if button.label not in known) for row in current.rows)
        rows = tuple(row for row in left if row)
        at_home = _view(turn) in (None, HOME)
        if refusal.key == "error.unknown" and turn.chat.dialogue is None and not at_home:
            home = button(t("nav.home"), HOME.action)
            if not any(button.press and button.press.action == HOME.action for row in rows for button in row):
                rows += ((home,),)
        sentence = t(refusal.key, **values)
        text = current.text if _says(current, sentence) else f"{sentence}\n\n{current.text}"
        screen = replace(current, text=text, rows=next_rows + rows, attachments=())
        return RoutedReply((screen,), toast=sentence if turn.incoming.pressed else None)

    # -- choosing -------------------------------------------------------------------------------

    def _choose(self, turn: Turn, destination: Destination) -> Reply:
        match destination:
            case "dialogue":
                return self.dialogues.handle_input(turn)
            case "stale":
                raise Stale
            case "edited":
                raise Refusal("error.edited")
            case Press() as press:
                return self._press(turn, press)
        if (meant := self._meant(turn)) is not None:
            return self._press(turn, meant)
        if turn.incoming.text is None:
            raise self._unread(turn)
        if self._holds_credentials(turn):
            raise Refusal("error.unknown")
        return self._spoken(turn, turn.incoming.text)

    def _spoken(self, turn: Turn, text: str) -> Reply:
        """A text outside every dialogue: a greeting, a command in words, a question. Raises Refusal for another."""
        intent = None if turn.incoming.command is not None else intent_of(text)
        match intent:
            case Intent.GREETING | Intent.ACKNOWLEDGEMENT:
                notice = (
                    t(f"spoken.{intent}")
                    if turn.account is not None or intent is not Intent.GREETING
                    else None
                )
                return Reply(goto=HOME, notice=notice)
            case Intent.MENU | Intent.STOP:
                return Reply(goto=HOME)
            case Intent.BACK:
                ways = [
                    button.press for button in self.current(turn).buttons() if button.label == t("nav.back")
                ]
                return Reply(goto=ways[0] or HOME) if ways else Reply(goto=HOME)
            case Intent.HELP:
                return Reply(goto=HELP)
        if turn.incoming.command is None and (found := self._typed_here(turn, text)) is not None:
            return found
        searches = turn.incoming.command is None and turn.role in REVIEWERS and self.routes.search is not None
        if (
            searches
            and self.routes.search is not None
            and (found := self.routes.search(turn, text)) is not None
        ):
            return found
        if turn.incoming.command is None and (answer := faq.press_for(turn.db, text)) is not None:
            return Reply(goto=answer)
        if intent is Intent.QUESTION:
            return Reply(goto=HELP, notice=t("spoken.question"))
        if searches and len(text) <= TEXT_LENGTH:
            raise Refusal("search.nothing")
        raise Refusal("error.unknown")

    def _typed_here(self, turn: Turn, text: str) -> Reply | None:
        """What the text asks of the screen in view."""
        view = _view(turn)
        route = self.routes.by_action.get(view.action) if view is not None else None
        if view is None or route is None or route.typed is None or turn.role not in route.roles:
            return None
        return route.typed(turn, view, text)

    @staticmethod
    def _unread(turn: Turn) -> Refusal:
        """Why a message without text leads nowhere here, and where its kind is taken."""
        incoming = turn.incoming
        if incoming.file is not None:
            who = (
                turn.role.value if turn.role is Role.OFFICER else "guest" if turn.account is None else "other"
            )
            ways = {
                "guest": (button(t("guest.register"), "register"), button(t("guest.login"), "login")),
                "officer": (button(t("menu.qual"), "qual"),),
            }
            return Refusal(f"error.file_at_home_{who}", next_buttons=ways.get(who, ()))
        if incoming.contact is not None:
            return Refusal("error.contact_at_home")
        unread = f"error.{incoming.unread}_at_home"
        return Refusal(unread if has(unread) else "error.unknown")

    def _press(self, turn: Turn, press: Press) -> Reply:
        route = self.route(turn, press)
        if turn.chat.dialogue is not None and not route.beside:
            self.dialogues.leave(turn)
        if route.shows:
            return Reply(goto=press)
        result = route.decide(turn, press)
        return Reply((result,)) if isinstance(result, Screen) else result

    def route(self, turn: Turn, press: Press) -> Route:
        """The route of a press that this person may make. Raises Stale, NotAllowed, or the suspension."""
        route = self.routes.by_action.get(press.action)
        if route is None:
            raise Stale
        if turn.account is not None and not turn.holds_role:
            raise NotAllowed
        if _is_suspended(turn) and turn.role not in route.suspended:
            raise _suspended(turn)
        if turn.role not in route.roles:
            raise Stale if turn.account is None else NotAllowed
        return route

    @staticmethod
    def _holds_credentials(turn: Turn) -> bool:
        """A refused text with a user code and a password in it, which must not stay in chat and inbox."""
        text = turn.incoming.text
        if text is None:
            return False
        if credentials.are_in(text):
            return True
        if turn.account is not None:
            return False
        return any(accounts.by_user_code(turn.db, word) is not None for word in credentials.words_of(text))

    def _meant(self, turn: Turn) -> Press | None:
        """The button of the current view that was typed, by its label or its number."""
        if turn.incoming.text is None or turn.incoming.command is not None:
            return None
        if len(turn.incoming.text) > LONGEST_KEY or not (typed := search_key(turn.incoming.text)):
            return None
        presses = [
            (button.label, button.press)
            for button in self.current(turn).buttons()
            if button.press is not None
        ]
        for label, press in presses:
            if typed in _label_keys(label):
                return press
        if (listed := self._listed(turn, turn.incoming.text)) is not None:
            return listed
        if typed.isascii() and typed.isdigit() and len(typed) < 3 and 0 < int(typed) <= len(presses):
            return presses[int(typed) - 1][1]
        return None

    def _listed(self, turn: Turn, text: str) -> Press | None:
        """The row or page of the list in view that a typed number means."""
        view = _view(turn)
        if view is None or turn.chat.dialogue is not None:
            return None
        screen = self.current(turn)

        def render(press: Press) -> Screen | None:
            result = self.route(turn, press).decide(turn, press)
            return result if isinstance(result, Screen) else None

        return typed_page(text, screen, view) or typed_row(text, screen, view, render)

    # -- rendering ------------------------------------------------------------------------------

    def _rendered(self, turn: Turn, reply: Reply) -> RoutedReply:
        """Follow `goto`; a reply that shows nothing ends on the current screen."""
        merged = ReplyChain()
        self._merge(merged, reply)
        for _ in range(MAX_GOTO):
            if merged.goto is None:
                break
            press = replace(merged.goto, fresh=False)
            route = self.route(turn, press)
            result = route.decide(turn, press)
            if turn.chat.dialogue is None:
                view = press.pack()
                if turn.chat.view != view:
                    turn.chat.view = view
                if route.listed and turn.chat.list_view != view:
                    turn.chat.list_view = view
            if isinstance(result, Screen):
                result = with_ways_back(result, press, turn.chat.list_view)
            self._merge(merged, Reply((result,)) if isinstance(result, Screen) else result)
        else:
            raise RuntimeError(f"{merged.goto} goes round in circles")
        if not merged.screens and merged.quiet is None and not (merged.notices and turn.incoming.pressed):
            merged.screens.append(self.current(turn))
        if merged.screens and merged.screens[-1].once:
            merged.screens.append(self.current(turn))
        merged.screens = [
            *(one for one in merged.screens[:-1] if not _repeats(one, merged.screens[-1])),
            *merged.screens[-1:],
        ]
        merged.notices = [
            one for one in merged.notices if not any(_says(screen, one) for screen in merged.screens)
        ]
        notices = "\n".join(merged.notices) or None
        said = "\n\n".join([*merged.notices, *(screen.text for screen in merged.screens[:-1])]) or None
        if notices and not turn.incoming.pressed and merged.screens:
            first = merged.screens[0]
            merged.screens[0] = replace(first, text=f"{notices}\n\n{first.text}")
            notices = None
        return RoutedReply(
            tuple(merged.screens),
            notices,
            merged.wipe,
            merged.send_as_new,
            merged.quiet,
            merged.credentials_of,
            said=said,
            files=any(screen.attachments for screen in merged.screens),
        )

    @staticmethod
    def _merge(merged: ReplyChain, reply: Reply) -> None:
        merged.screens += reply.screens
        if reply.notice:
            merged.notices.append(reply.notice)
        merged.wipe |= reply.wipe_incoming
        merged.send_as_new |= reply.send_as_new
        merged.quiet = reply.quiet if reply.quiet is not None else merged.quiet
        merged.credentials_of = reply.credentials_of or merged.credentials_of
        merged.goto = reply.goto

    # -- standing -------------------------------------------------------------------------------

    def _fall_back(self, turn: Turn) -> bool:
        """A chat whose role is gone acts in another role that its account holds, else it is a guest's; so is one of an
        annulled account. False for the latter."""
        assert turn.account is not None
        annulled = turn.account.state is AccountState.ANNULLED
        chat, left = turn.chat, None if annulled else preferred(grant.role for grant in turn.grants)
        if chat.dialogue is not None:
            self.dialogues.leave(turn)
        accounts.act_as(chat, account_id=chat.account_id if left is not None else None, role=left)
        chat.view = None
        if left is None:
            chat.linked_at = None
            turn.account, turn.draft, turn.grants = None, None, ()
        return not annulled


@lru_cache(maxsize=1024)
def _label_keys(label: str) -> tuple[str, str]:
    """A button's label as it is compared with what was typed: most are the same for all."""
    return search_key(label), search_key(short_answer(label))


def _has_lost_role(turn: Turn) -> bool:
    """Whether the chat's role is not in force any more, or its account is annulled."""
    return turn.account is not None and (turn.account.state is AccountState.ANNULLED or not turn.holds_role)


def _says(screen: Screen, sentence: str) -> bool:
    """Whether the screen says this sentence already."""
    return sentence.strip().rstrip(".") in screen.text


def _repeats(screen: Screen, last: Screen) -> bool:
    """Whether a screen without anything to press only says what the one below it says as well."""
    return not (screen.rows or screen.attachments or screen.ask_contact) and _says(last, screen.text)


def _is_of_the_past(refusal: Refusal) -> bool:
    """Whether the request is refused because things are not (any more) as it takes them to be."""
    return isinstance(refusal, Stale | NotAllowed | AlreadyDecided) or refusal.key == Stale.key


def _is_suspended(turn: Turn) -> bool:
    return turn.account is not None and turn.account.state is AccountState.SUSPENDED


def _suspended(turn: Turn) -> Refusal:
    reason = turn.account.state_reason if turn.account is not None else None
    return Refusal("error.suspended", reason=quoted(reason or "–", t("role.staff")))


def _view(turn: Turn) -> Press | None:
    if turn.chat.view is None:
        return None
    try:
        return Press.unpack(turn.chat.view)
    except BadPress:
        return None
