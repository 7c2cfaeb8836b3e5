"""What a press changed, row by row, and whether the rule tables allow it. Knows nothing of handlers or services."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Engine, event, inspect
from sqlmodel import Session, SQLModel, select

from bot.rules import cooperation as coop_law
from bot.rules import payment
from bot.rules import qualification as qual_law
from bot.rules.payment import PaymentEvent
from bot.services.cooperation import requests as coop_cases
from bot.services.qualification import requests
from storage.enums import ContractState, CooperationState, RequestState, Role
from storage.tables import CooperationRequest, QualificationRequest
from tests.abuse.fixtures import Persona

#: Records of what happened, not effects by themselves.
RECORDS = frozenset({"inbox_update", "throttle", "audit_event", "daily_sequence"})
#: Written beside an effect, never alone.
NEWS = frozenset({"push", "staff_alert"})
#: The directorate's own tables: staff alone change them.
DIRECTORATE = frozenset(
    {
        "university",
        "degree_level",
        "field_of_study",
        "closed_pair",
        "document_type",
        "coverage",
        "tariff",
        "letter",
        "letter_file",
        "distributor",
        "branch",
        "role_grant",
        "account",
        "officer",
        "payment_attempt",
        "letter_recipient",
        "staff_alert",
        "push",
        "inbox_update",
    }
)
_WRITES = re.compile(r'^\s*(?:INSERT\s+(?:OR\s+\w+\s+)?INTO|UPDATE|DELETE\s+FROM)\s+"?(\w+)', re.IGNORECASE)

Row = dict[str, Any]


@dataclass(frozen=True)
class Change:
    table: str
    old: Row | None
    new: Row | None

    @property
    def row(self) -> Row:
        return self.new or self.old or {}

    def __str__(self) -> str:
        if self.old is None or self.new is None:
            return f"{'+' if self.old is None else '-'}{self.table} {self.row}"
        parts = {key: (value, self.new[key]) for key, value in self.old.items() if value != self.new[key]}
        return f"~{self.table} {self.old.get('id')} {parts}"


@dataclass
class Written:
    """Names of the tables that statements wrote to, while it listens."""

    tables: set[str] = field(default_factory=set)

    @contextmanager
    def listening(self) -> Iterator[Written]:
        def note(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
            if (found := _WRITES.match(statement)) is not None:
                self.tables.add(found.group(1))

        event.listen(Engine, "before_cursor_execute", note)
        try:
            yield self
        finally:
            event.remove(Engine, "before_cursor_execute", note)


class Ledger:
    """The rows as they were, to compare with."""

    def __init__(self, db: Session) -> None:
        self.before = {name: self._rows(db, name) for name in SQLModel.metadata.tables}

    @classmethod
    def empty(cls) -> Ledger:
        """Before anything was looked at."""
        ledger = cls.__new__(cls)
        ledger.before = {}
        return ledger

    def changes(self, db: Session, tables: set[str]) -> list[Change]:
        found = []
        for name in sorted(tables & set(self.before)):
            old, new = self.before[name], self._rows(db, name)
            found += [
                Change(name, old.get(key), new.get(key))
                for key in {**old, **new}
                if old.get(key) != new.get(key)
            ]
        return found

    @staticmethod
    def _rows(db: Session, name: str) -> dict[Any, Row]:
        table = SQLModel.metadata.tables[name]
        keys = [column.name for column in inspect(table).primary_key]
        rows = [dict(one._mapping) for one in db.execute(table.select())]
        return {tuple(row[key] for key in keys): row for row in rows}


class Law:
    """What one persona may change, read from the rule tables over the cases as they stand."""

    def __init__(self, db: Session, persona: Persona) -> None:
        self.persona, self.actor = persona, persona.actor
        self.active = persona.active
        self.qualification = dict[int, set[tuple[Any, str]]]()
        self.cooperation = dict[int, set[tuple[Any, str]]]()
        mine = select(QualificationRequest.id).where(QualificationRequest.account_id == persona.id)
        #: Of the persona's own requests.
        self.requests = set(db.exec(mine)) if persona.actor is not None else set[int | None]()
        if self.actor is None or not self.active:
            return
        for request in db.exec(select(QualificationRequest)):
            case = requests.case_of(db, request)
            for action in qual_law.allowed_actions(case, self.actor):
                row = qual_law.TABLE[case.state, action]
                aims = {row.target, row.target_if_true} if row.condition else {row.target}
                self.qualification.setdefault(request.id or 0, set()).update(
                    (aim, action.value) for aim in aims
                )
        for one in db.exec(select(CooperationRequest)):
            found = coop_cases.case_of(db, one)
            for act in coop_law.allowed_actions(found, self.actor):
                self.cooperation.setdefault(one.id or 0, set()).add(
                    (coop_law.TABLE[found.state, act].target, act.value)
                )

    def breaches(self, changes: list[Change]) -> list[str]:
        """Every change that the rules do not give to this persona."""
        effects = [one for one in changes if one.table not in RECORDS and one.table not in NEWS]
        wrong = [str(one) for one in effects if not self._allowed(one, changes)]
        told = [one for one in changes if one.table in NEWS]
        if told and not self.is_staff and not any(one.table not in ("chat", "draft") for one in effects):
            wrong += [f"told without an effect: {one}" for one in told]
        for one in changes:
            if one.table == "audit_event" and (
                one.old is not None or one.row["actor_id"] not in (self.id, None)
            ):
                wrong.append(f"somebody else's hand: {one}")
        return wrong

    @property
    def id(self) -> int | None:
        return self.persona.id

    @property
    def role(self) -> Role | None:
        return self.actor.role if self.actor is not None and self.active else None

    @property
    def is_staff(self) -> bool:
        return self.role is Role.STAFF

    def _allowed(self, one: Change, changes: list[Change]) -> bool:
        if one.table in DIRECTORATE and self.is_staff:
            return True
        judge = getattr(self, f"_{one.table}", None)
        return judge is not None and bool(judge(one, changes))

    # ── table by table ───────────────────────────────────────────────────────────────────────────────────────────────

    def _chat(self, one: Change, changes: list[Change]) -> bool:
        row = one.old or one.row
        if row["chat_id"] == self.persona.chat_id or (self.id is not None and row["account_id"] == self.id):
            return True
        # A draft that is gone is shown nowhere any more.
        only = {key for key in one.row if (one.old or {}).get(key) != (one.new or {}).get(key)}
        closed = only <= {"draft_id", "dialogue", "dialogue_state", "version", "view"}
        return self.is_staff or (closed and any(other.table == "draft" for other in changes))

    def _draft(self, one: Change, changes: list[Change]) -> bool:
        row = one.old or one.row
        # A chat whose role was taken away is a guest's.
        if self.id is None or self.persona.name.endswith("former"):
            return row["account_id"] is None
        if row["account_id"] == self.id:
            return True
        # An answer to a request ends with it.
        about = {"qualification_request", "contract", "termination", "cooperation_request"}
        return one.new is None and any(other.table in about for other in changes)

    def _account(self, one: Change, changes: list[Change]) -> bool:
        if one.old is not None and one.row["id"] == self.id and not self.persona.suspended:
            return True
        # An amendment that costs nothing is applied with its approval.
        return one.old is not None and one.row["id"] in self._completed(changes)

    def _officer(self, one: Change, changes: list[Change]) -> bool:
        if self.role is Role.OFFICER and one.row["account_id"] == self.id:
            return True
        return one.row["account_id"] in self._completed(changes)

    @staticmethod
    def _completed(changes: list[Change]) -> set[int]:
        return {
            other.row["account_id"]
            for other in changes
            if other.table == "qualification_request" and other.row["state"] is RequestState.COMPLETED
        }

    def _role_grant(self, one: Change, changes: list[Change]) -> bool:
        # When an expert was last told of waiting files.
        only = {key for key in one.row if (one.old or {}).get(key) != (one.new or {}).get(key)}
        return one.old is not None and only == {"waiting_notified_at"}

    def _qualification_request(self, one: Change, changes: list[Change]) -> bool:
        if one.old is None:
            return self.role is Role.OFFICER and one.row["account_id"] == self.id
        aims = self.qualification.get(one.row["id"], set())
        if one.new is None:
            return (None, "DISCARD") in aims
        state = one.new["state"]
        return any(aim is state for aim, _ in aims) and one.new["account_id"] == one.old["account_id"]

    def _payment_attempt(self, one: Change, changes: list[Change]) -> bool:
        """Whoever owns a request may have the bank asked; what it says is the payment's own table."""
        assert one.old is not None
        assert one.new is not None
        after = {key: row.target for key, row in payment.MACHINE.table.items()}
        asked = after.get((one.old["state"], PaymentEvent.ASKED))
        answers = {target for (source, _), target in after.items() if source is asked}
        return one.row["request_id"] in self.requests and one.new["state"] in {asked, *answers}

    def _deficiency_round(self, one: Change, changes: list[Change]) -> bool:
        return any(
            other.table == "qualification_request" and other.row["id"] == one.row["request_id"]
            for other in changes
        )

    _request_file = _deficiency_round

    def _cooperation_request(self, one: Change, changes: list[Change]) -> bool:
        if one.old is None:
            boss = self.actor
            return (
                self.role is Role.DISTRIBUTOR
                and boss is not None
                and boss.distributor_id == one.row["distributor_id"]
            )
        assert one.new is not None
        if any(aim is one.new["state"] for aim, _ in self.cooperation.get(one.row["id"], ())):
            return True
        # The officer's other requests end with an approval, a suspension, …
        return one.new["state"] is CooperationState.CLOSED and any(
            other is not one and other.row.get("account_id", other.row.get("id")) == one.row["account_id"]
            for other in changes
            if other.table in ("cooperation_request", "account")
        )

    def _contract(self, one: Change, changes: list[Change]) -> bool:
        approved = any(
            other.table == "cooperation_request" and other.row["state"] is CooperationState.APPROVED
            for other in changes
        )
        if one.old is None:
            return approved
        state, actor = one.row["state"], self.actor
        if state is ContractState.ENDED_BY_DISTRIBUTOR:
            mine = actor is not None and actor.distributor_id == one.row["distributor_id"]
            return approved or (self.role is Role.DISTRIBUTOR and mine)
        if state is ContractState.ENDED_BY_OFFICER:
            return self.role is Role.OFFICER and one.row["account_id"] == self.id
        return self.is_staff

    def _termination(self, one: Change, changes: list[Change]) -> bool:
        if self.role is Role.OFFICER and one.row["account_id"] == self.id:
            return True
        return one.old is not None and any(other.table == "contract" for other in changes)

    def _branch(self, one: Change, changes: list[Change]) -> bool:
        boss = self.actor
        return (
            self.role is Role.DISTRIBUTOR
            and boss is not None
            and boss.distributor_id == one.row["distributor_id"]
        )

    def _distributor(self, one: Change, changes: list[Change]) -> bool:
        boss = self.actor
        return self.role is Role.DISTRIBUTOR and boss is not None and boss.distributor_id == one.row["id"]

    def _letter_recipient(self, one: Change, changes: list[Change]) -> bool:
        return one.old is not None and one.row["account_id"] == self.id

    def _file_handle(self, one: Change, changes: list[Change]) -> bool:
        return False

    def _stored_file(self, one: Change, changes: list[Change]) -> bool:
        return one.row["account_id"] == self.id and self.active
