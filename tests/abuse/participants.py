"""Everybody who might press a button, over a case in every state, and what each may read."""

import re
from dataclasses import dataclass
from itertools import count

from sqlmodel import Session, col, select

from bot.core.context import Actor
from bot.texts import BIDI_MARKS
from storage.enums import AccountState, Messenger, RequestState
from storage.tables import Account, Chat, Grant, StoredFile, Termination
from tests.abuse.cases import Cases
from tests.support.factories.people import expert, staff

Names = frozenset[str]
_DIGITS = str.maketrans("۰۱۲۳۴۵۶۷۸۹", "0123456789")


def plain(text: str) -> str:
    """Without direction marks, with Latin digits."""
    return BIDI_MARKS.sub("", text).translate(_DIGITS)


@dataclass(frozen=True)
class Participant:
    """A user with one chat. `actor` None: a guest."""

    name: str
    chat_id: int
    actor: Actor | None = None
    suspended: bool = False

    @property
    def id(self) -> int | None:
        return self.actor.account_id if self.actor is not None else None

    @property
    def active(self) -> bool:
        """The role is in force, and the account may act."""
        return self.actor is not None and not self.suspended and not self.name.endswith("former")

    @property
    def kind(self) -> str:
        """The name without its case: what figures are counted by."""
        return self.name.partition(":")[0] if self.active or self.actor is None else self.name


@dataclass
class Participants:
    all: list[Participant]
    #: Words of somebody's data → names of those who may read them.
    marks: dict[str, Names]
    #: stored_file.id → names of those who may see it.
    files: dict[int, Names]

    def named(self, name: str) -> Participant:
        return next(one for one in self.all if one.name == name)

    def found_marks(self, text: str) -> list[str]:
        """Marks that stand in the text, and not as a part of a longer number."""
        text = plain(text)
        return [
            mark
            for mark in self.marks
            if (word := plain(mark)) in text and re.search(rf"(?<!\d){re.escape(word)}(?!\d)", text)
        ]

    def not_for(self, name: str, text: str) -> list[str]:
        """Marks in the text that this participant may not read."""
        return [mark for mark in self.found_marks(text) if name not in self.marks[mark]]


class Fixture(Cases):
    """The cases, and a chat for every participant."""

    def __init__(self, db: Session, messenger: Messenger = Messenger.TELEGRAM) -> None:
        super().__init__(db)
        self.messenger, self.chats = messenger, count(5_000_000)

    def build(self) -> Participants:
        self.build_cases()
        participants = self._participants()
        return Participants(participants, self._marks(participants), self._files(participants))

    def chat(self, actor: Actor) -> int:
        """The chat in which this account acts in this role."""
        number = next(self.chats)
        chat = Chat(messenger=self.messenger, chat_id=number, account_id=actor.account_id, role=actor.role)
        self.db.add(chat)
        self.db.flush()
        return number

    def _participants(self) -> list[Participant]:
        db, people, kian, arad = self.db, self.people, self.people.kian, self.people.arad
        former_expert, former_staff, former_manager = expert(db, "پیشین"), staff(db), arad.deputy
        former = [one.account_id for one in (former_expert, former_staff, former_manager)]
        for grant in db.exec(select(Grant).where(col(Grant.account_id).in_(former))):
            grant.active = False
        suspended = {
            "suspended:officer": self.requests["uncertain"][0],
            "suspended:expert": expert(db, "معلق"),
            "suspended:manager": kian.deputy,
            "suspended:dead": self.officers["dead"],
        }
        for actor in suspended.values():
            db.get_one(Account, actor.account_id).state = AccountState.SUSPENDED
        db.flush()
        active: dict[str, Actor] = {
            **{f"officer:{name}": who for name, (who, _) in self.requests.items() if name != "uncertain"},
            **{f"officer:{name}": who for name, who in self.officers.items() if name != "dead"},
            "officer:fresh": self.fresh,
            "expert:reviewer": people.ali,
            "expert:colleague": people.zahra,
            "expert:in charge": people.in_charge,
            "expert:applicant": self.applicant,
            "expert:manager": self.manager,
            "expert:far": people.foreign,
            "expert:far in charge": self.far,
            "expert:former": former_expert,
            "staff": people.staff,
            "staff:former": former_staff,
            "manager:kian": kian.manager,
            "manager:arad": arad.manager,
            "manager:former": former_manager,
        }
        # A chat of an annulled account is a guest's.
        guests = [Participant("guest", 4_999_999), Participant("guest:annulled", self.chat(self.annulled))]
        return [
            *guests,
            *(Participant(name, self.chat(actor), actor) for name, actor in active.items()),
            *(
                Participant(name, self.chat(actor), actor, suspended=True)
                for name, actor in suspended.items()
            ),
        ]

    # ── who may read what (R39; docs/specification.md 2.4, 2.6) ──

    _NEAR = ("expert:reviewer", "expert:colleague", "expert:in charge", "expert:applicant", "expert:manager")
    _FAR = ("expert:far", "expert:far in charge")

    def _readers(self, name: str, participants: list[Participant]) -> Names:
        """Of a qualification request: its owner, staff, and the experts of its university once it was sent."""
        owner, request = self.requests[name]
        own = _named(participants, owner.account_id) | {"staff"}
        if request.state is RequestState.DRAFT:
            return own
        return own.union(self._NEAR if request.university_code == "sums" else self._FAR)

    def _marks(self, participants: list[Participant]) -> dict[str, Names]:
        db, marks = self.db, dict[str, Names]()
        for name, (who, request) in self.requests.items():
            account = db.get_one(Account, who.account_id)
            mobile = f"0{(account.mobile or '').removeprefix('+98')}"
            address = request.snapshot.get("postal_address")
            for mark in (address, mobile, request.tracking_code, account.national_code):
                if mark:
                    marks[mark] = self._readers(name, participants)
            if request.pay_token:
                marks[request.pay_token] = _named(participants, who.account_id)
        for account in db.exec(select(Account)):
            marks[account.user_code] = _named(participants, account.id) | {"staff"}
        for draft in db.exec(select(Termination)):
            marks[draft.reason] = _named(participants, draft.account_id) | {"staff"}
        for word, readers in (
            ("پنهان", {"officer:deficient", "staff"}),
            ("ایستاده", {"staff"}),
            ("در راه", {"staff"}),
        ):
            # Only the first was delivered.
            marks |= dict.fromkeys((f"متن {word} نامه", f"نامه {word}"), frozenset(readers))
        marks["هشدار نهان"] = frozenset({"staff"})
        return marks

    def _files(self, participants: list[Participant]) -> dict[int, Names]:
        names = {who.account_id: name for name, (who, _) in self.requests.items()}
        readers = dict[int, Names]()
        for file in self.db.exec(select(StoredFile)):
            name = names.get(file.account_id)
            of_request = self._readers(name, participants) if name is not None else frozenset({"staff"})
            readers[file.id or 0] = of_request
        readers[self.letter_file] = frozenset({"officer:deficient", "staff"})
        return readers


def _named(participants: list[Participant], account_id: int | None) -> Names:
    return frozenset(one.name for one in participants if one.id == account_id)
