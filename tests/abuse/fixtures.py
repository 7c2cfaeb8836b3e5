"""The town: everybody who might press a button, over a case in every state, and what each may read."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import count

from sqlmodel import Session, select

from bot.core.context import Actor
from storage.enums import AccountState, Messenger, RequestState
from storage.tables import Account, Chat, Grant, LetterRecipient, StoredFile, Termination
from tests.abuse.cases import NOW, Cases
from tests.support import qualification_data as o

__all__ = ["NOW", "Builder", "Persona", "Town"]


@dataclass(frozen=True)
class Persona:
    """Somebody at a phone. `actor` None: a guest."""

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
class Town:
    personas: list[Persona]
    #: A word that stands in somebody's papers → the names of those who may read it.
    marks: dict[str, frozenset[str]]
    #: stored_file.id → the names of those who may see it.
    papers: dict[int, frozenset[str]]


class Builder(Cases):
    def __init__(self, db: Session, messenger: Messenger = Messenger.TELEGRAM) -> None:
        super().__init__(db)
        self.messenger, self.chats = messenger, count(5_000_000)

    def build(self) -> Town:
        self.build_cases()
        assert self.db.exec(select(LetterRecipient.delivered_at)).all()
        self.files()
        return self.town()

    def files(self) -> None:
        """Nobody's papers but their own: what every officer sent is known by its owner."""
        self.file_owner = {row.id or 0: row.account_id for row in self.db.exec(select(StoredFile))}

    def chat(self, actor: Actor) -> int:
        """The chat in which this account acts in this role."""
        number = next(self.chats)
        self.db.add(
            Chat(messenger=self.messenger, chat_id=number, account_id=actor.account_id, role=actor.role)
        )
        self.db.flush()
        return number

    def town(self) -> Town:
        db, office, town = self.db, self.office, self.centers
        former_expert = o.expert(db, "20000021", "پیشین")
        former_staff = o.staff(db, "90000021")
        former_boss = town.arad.deputy
        for actor in (former_expert, former_staff, former_boss):
            grant = db.exec(select(Grant).where(Grant.account_id == actor.account_id)).one()
            grant.active = False
        suspended_expert = o.expert(db, "20000022", "معلق")
        suspended_officer = self.requests["uncertain"][0]
        suspended_boss = town.kian.deputy
        for actor in (suspended_expert, suspended_officer, suspended_boss):
            db.get_one(Account, actor.account_id).state = AccountState.SUSPENDED
        db.flush()
        cast: list[tuple[str, Actor]] = [
            *((f"officer:{name}", who) for name, (who, _) in self.requests.items() if name != "uncertain"),
            *((f"officer:{name}", who) for name, who in self.officers.items() if name != "dead"),
            ("officer:fresh", self.fresh),
            ("expert:reviewer", office.ali),
            ("expert:colleague", office.zahra),
            ("expert:head", office.head),
            ("expert:applicant", self.applicant),
            ("expert:manager", self.manager),
            ("expert:far", office.foreign),
            ("expert:far head", self.far),
            ("expert:former", former_expert),
            ("staff", office.staff),
            ("staff:former", former_staff),
            ("boss:kian", town.kian.boss),
            ("boss:arad", town.arad.boss),
            ("boss:former", former_boss),
        ]
        # A chat of an annulled account is a guest's.
        personas = [Persona("guest", 4_999_999), Persona("guest:annulled", self.chat(self.annulled))]
        personas += [Persona(name, self.chat(actor), actor) for name, actor in cast]
        personas += [
            Persona(name, self.chat(actor), actor, suspended=True)
            for name, actor in (
                ("suspended:officer", suspended_officer),
                ("suspended:dead", self.officers["dead"]),
                ("suspended:expert", suspended_expert),
                ("suspended:boss", suspended_boss),
            )
        ]
        return Town(personas, self._marks(personas), self._papers(personas))

    # ── who may read what (Q44, R39; docs/specification.md 2.4, 2.6) ────────────────────────────────────────────────────────────────

    _NEAR = (
        "expert:reviewer",
        "expert:colleague",
        "expert:head",
        "expert:applicant",
        "expert:manager",
    )
    _FAR = ("expert:far", "expert:far head")

    def _readers(self, name: str, personas: Iterable[Persona], who: Actor) -> frozenset[str]:
        """Of a qualification request: its owner, staff, and the experts of its university once it was sent."""
        request = self.requests[name][1]
        own = {one.name for one in personas if one.id == who.account_id} | {"staff"}
        if request.state is RequestState.DRAFT:
            return frozenset(own)
        return frozenset(own | set(self._NEAR if request.university_code == "sums" else self._FAR))

    def _marks(self, personas: list[Persona]) -> dict[str, frozenset[str]]:
        db, marks = self.db, dict[str, frozenset[str]]()
        for name, (who, request) in self.requests.items():
            readers = self._readers(name, personas, who)
            account = db.get_one(Account, who.account_id)
            mobile = f"0{(account.mobile or '').removeprefix('+98')}"
            for mark in (
                request.snapshot.get("postal_address"),
                mobile,
                request.tracking_code,
                account.national_code,
            ):
                if mark:
                    marks[mark] = readers
            own = frozenset(one.name for one in personas if one.id == who.account_id)
            if request.pay_token:
                marks[request.pay_token] = own
        for account in db.exec(select(Account)):
            own = frozenset(one.name for one in personas if one.id == account.id)
            marks[account.user_code] = own | {"staff"}
        for draft in db.exec(select(Termination)):
            own = frozenset(one.name for one in personas if one.id == draft.account_id)
            marks[draft.reason] = own | {"staff"}
        for word, reader in (("پنهان", "deficient"), ("ایستاده", "review"), ("در راه", "rejected")):
            # Only the first was delivered.
            own = frozenset({f"officer:{reader}"} if word == "پنهان" else ())
            marks[f"متن {word} نامه"] = own | {"staff"}
            marks[f"نامه {word}"] = own | {"staff"}
        marks["هشدار نهان"] = frozenset({"staff"})
        return marks

    def _papers(self, personas: list[Persona]) -> dict[int, frozenset[str]]:
        readers = dict[int, frozenset[str]]()
        by_owner = {who.account_id: name for name, (who, _) in self.requests.items()}
        for file_id, account_id in self.file_owner.items():
            if (name := by_owner.get(account_id)) is not None:
                readers[file_id] = self._readers(name, personas, self.requests[name][0])
            else:
                readers[file_id] = frozenset({"staff"})
        readers[self.letter_file] = frozenset({"officer:deficient", "staff"})
        return readers
