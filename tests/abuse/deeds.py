"""Every action of every rule table on every case of a town."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from sqlmodel import Session, col, select

from bot.core.context import Actor
from bot.core.screens import Press
from bot.rules import account as account_law
from bot.services import accounts
from storage.enums import LetterState, Role
from storage.tables import Account, Letter, LetterRecipient
from tests.abuse.book import REASON, Aim, Book, Deed, names
from tests.abuse.book_cooperation import CooperationBook
from tests.abuse.book_qualification import QualificationBook
from tests.abuse.fixtures import Town

#: Routes that refuse a version other than the case's.
VERSIONED = frozenset(
    {
        "qual.discard_do",
        "desk.claim",
        "desk.assign_do",
        "desk.release",
        "desk.defects",
        "desk.reject",
        "desk.approve_do",
        "qual.withdraw_do",
        "coop.accept_do",
        "coop.reject",
        "dist.withdraw_do",
        "coop.give_up_do",
        "desk.coop_claim",
        "desk.coop_assign_do",
        "desk.coop_release",
        "desk.coop_approve_do",
        "desk.coop_reject",
        "dist.free_do",
        "term.finalise",
        "term.cancel",
        "staff.account_action",
    }
)


def all_deeds(db: Session, town: Town) -> list[Deed]:
    files, firms, resources = (
        QualificationBook(db, town),
        CooperationBook(db, town),
        DirectorateBook(db, town),
    )
    return [
        *files.qualification(),
        *files.payment(),
        *firms.cooperation(),
        *firms.picking(),
        *firms.contract(),
        *firms.termination(),
        *resources.account(),
        *resources.letters(),
        *resources.chats(),
    ]


def conflict_states(deeds: Iterable[Deed]) -> list[Deed]:
    """The same with a version that is not the case's: nobody may."""
    return [
        replace(
            one,
            action=f"{one.action} (old)",
            press=replace(one.press, version=one.press.version + step),
            allowed=frozenset(),
            opens=frozenset(),
        )
        for one in deeds
        if one.allowed and one.press.action in VERSIONED
        for step in (1, -1)
        if one.press.version + step >= 0
    ]


class DirectorateBook(Book):
    """Accounts, letters, and everybody's chats."""

    def _of_account(self, account: Account, actor: Actor) -> frozenset[account_law.AccountAction]:
        return account_law.MACHINE.allowed_actions(accounts.case_of(self.db, account, actor), actor)

    def account(self) -> Iterable[Deed]:
        act = account_law.AccountAction
        words = {
            act.RESET: (REASON, "بله، رمز تازه"),
            act.SUSPEND: ("۱", REASON, "بله، غیرفعال شود"),
            act.LIFT: (REASON, "بله، فعال شود"),
            act.ANNUL: (REASON, "بله، باطل شود"),
        }
        for one in self.db.exec(select(Account).order_by(col(Account.id))):
            for action in act:
                row = account_law.MACHINE.table.get((one.state, action))
                press = Press("staff.account_action", one.id or 0, one.version, action.value)
                yield Deed(
                    "account",
                    action,
                    one.state,
                    f"account {one.id}",
                    press,
                    # Only whoever was looked up is acted upon.
                    (Press("staff.find_account"), one.user_code, press, *words[action]),
                    self.allowed(self._of_account, one, action),
                    aim=Aim("account", one.id or 0, names({row.target} if row else ())),
                )

    # ── letters and chats ──────────────────────────────────────────────────────────────────────────

    def letters(self) -> Iterable[Deed]:
        staff = self.of(Role.STAFF)
        got = list(
            self.db.exec(select(LetterRecipient).where(col(LetterRecipient.delivered_at).is_not(None)))
        )
        for letter in self.db.exec(select(Letter).order_by(col(Letter.id))):
            number, name = letter.id or 0, f"letter {letter.id}"
            stop = Press("staff.letter_end", number)
            may = staff if letter.state is LetterState.SENDING else frozenset()
            aim = Aim("letter", number, frozenset({LetterState.STOPPED.value}))
            yield Deed("letter", "STOP", letter.state, name, stop, (stop,), may, aim=aim)
            readers = {one.account_id for one in got if one.letter_id == number}
            theirs = frozenset(one.name for one in self.personas if one.id in readers)
            for action, route in (("READ", "inbox.letter"), ("READ PAPERS", "inbox.files")):
                press = Press(route, number)
                yield Deed(
                    "letter",
                    action,
                    letter.state,
                    name,
                    press,
                    (press,),
                    theirs if action == "READ" else frozenset(),
                    theirs,
                    Aim("letter_recipient"),
                )

    def chats(self) -> Iterable[Deed]:
        """Ending somebody's session, with the mark that only its owner's button carries."""
        for one in self.personas:
            if one.actor is None:
                continue
            for chat in accounts.chats_of(self.db, one.id or 0):
                press = Press("me.signout", chat.id or 0, accounts.session_mark(chat))
                own = frozenset(other.name for other in self.personas if other.id == one.id)
                yield Deed(
                    "chat",
                    "SIGN_OUT",
                    "linked",
                    f"chat {chat.id}",
                    press,
                    (press,),
                    own,
                    aim=Aim("chat", chat.id or 0),
                )
