"""Every action of every rule table on every case, and actions on letters and chats."""

from collections.abc import Iterable
from dataclasses import replace
from functools import partial

from sqlmodel import Session, select

from bot.core.screens import Press
from bot.rules.account import AccountAction
from bot.services import accounts
from storage.enums import LetterState, Role
from storage.tables import Account, Letter, LetterRecipient
from tests.abuse.case_actions import NOBODY, REASON, CaseAction, CaseActions, ExpectedChange
from tests.abuse.cooperation_actions import BUTTONS as COOPERATION_BUTTONS
from tests.abuse.cooperation_actions import CooperationActions
from tests.abuse.participants import Participants
from tests.abuse.qualification_actions import ACT, QualificationActions
from tests.abuse.qualification_actions import BUTTONS as QUALIFICATION_BUTTONS

#: Routes that refuse a version other than the case's.
VERSIONED = (
    {button for button, *_ in COOPERATION_BUTTONS.values()}
    | {
        button
        for action, (button, *_) in QUALIFICATION_BUTTONS.items()
        if action not in (ACT.EDIT, ACT.SUBMIT, ACT.RESOLVE, ACT.COMPLETE)
    }
    | {"dist.free_do", "term.finalise", "term.cancel", "staff.account_action"}
)


def all_actions(db: Session, participants: Participants) -> list[CaseAction]:
    qualification = QualificationActions(db, participants)
    cooperation = CooperationActions(db, participants)
    staff = StaffActions(db, participants)
    return [
        *qualification.qualification(),
        *qualification.payment(),
        *cooperation.cooperation(),
        *cooperation.picking(),
        *cooperation.contract(),
        *cooperation.termination(),
        *staff.account(),
        *staff.letters(),
        *staff.chats(),
    ]


def with_other_versions(actions: Iterable[CaseAction]) -> list[CaseAction]:
    """The same with a version that is not the case's: nobody may."""
    return [
        replace(
            one,
            action=f"{one.action} (old)",
            press=replace(one.press, version=one.press.version + step),
            allowed=NOBODY,
            opens=NOBODY,
        )
        for one in actions
        if one.allowed and one.press.action in VERSIONED
        for step in (1, -1)
        if one.press.version + step >= 0
    ]


class StaffActions(CaseActions):
    """Accounts, letters, and everybody's chats."""

    def account(self) -> Iterable[CaseAction]:
        words = {
            AccountAction.RESET: (REASON, "بله، فرستاده شود"),
            AccountAction.SUSPEND: ("۱", REASON, "بله، غیرفعال شود"),
            AccountAction.LIFT: (REASON, "بله، فعال شود"),
            AccountAction.ANNUL: (REASON, "بله، باطل شود"),
        }
        for one in self.rows(Account):
            for action in AccountAction:
                press = Press("staff.account_action", one.id, one.version, action.value)
                # Only an account that was looked up is acted upon.
                first = (Press("staff.find_account"), one.user_code, press)

                case = partial(accounts.case_of, self.db, one)
                yield self.transition("account", action, one, case, press, *words[action], first=first)

    def letters(self) -> Iterable[CaseAction]:
        staff = self.of(Role.STAFF)
        recipients = self.db.exec(select(LetterRecipient)).all()
        delivered = [one for one in recipients if one.delivered_at is not None]
        for letter in self.rows(Letter):
            readers = self.named(*(one.account_id for one in delivered if one.letter_id == letter.id))
            sending = letter.state is LetterState.SENDING
            stopped = ExpectedChange("letter", letter.id, frozenset({LetterState.STOPPED.value}))
            read = ExpectedChange("letter_recipient")
            for action, route, allowed, opens, expected in (
                ("STOP", "staff.letter_end", staff if sending else NOBODY, NOBODY, stopped),
                ("READ", "inbox.letter", readers, readers, read),
                ("READ FILES", "inbox.files", NOBODY, readers, read),
            ):
                press, name = Press(route, letter.id), f"letter {letter.id}"
                yield CaseAction(
                    "letter", action, letter.state, name, press, (press,), allowed, opens, expected
                )

    def chats(self) -> Iterable[CaseAction]:
        """Ending a session, with the mark that only its owner's button carries."""
        for one in self.all:
            for chat in accounts.chats_of(self.db, one.id or 0) if one.actor is not None else ():
                id_, owner = chat.id or 0, self.named(one.id)
                press, expected = (
                    Press("me.signout", id_, accounts.session_mark(chat)),
                    ExpectedChange("chat", id_),
                )
                yield CaseAction(
                    "chat", "SIGN_OUT", "linked", f"chat {id_}", press, (press,), owner, expected=expected
                )
