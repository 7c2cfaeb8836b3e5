"""What one participant may change, read from the rule tables over the cases as they stand. Knows nothing of handlers."""

from collections.abc import Callable
from typing import Any

from sqlmodel import Session, select

from bot.rules import cooperation, payment, qualification
from bot.rules.payment import PaymentEvent
from bot.services.cooperation import requests as cooperation_requests
from bot.services.qualification import requests as qualification_requests
from storage.enums import ContractState, CooperationState, RequestState, Role
from storage.tables import CooperationRequest, QualificationRequest
from tests.abuse.changes import Change
from tests.abuse.participants import Participant

#: Records of what happened, or made of other tables (what a search looks at), not effects by themselves.
RECORDS = frozenset({"inbox_update", "throttle", "audit_event", "daily_sequence", "search_key"})
#: Written beside an effect, never alone.
NOTIFICATIONS = frozenset({"push", "staff_alert"})
#: Tables that staff may change in any way.
OF_STAFF = (
    "university degree_level field_of_study closed_pair document_type coverage tariff letter letter_file distributor branch "
    "role_grant account officer payment_attempt letter_recipient staff_alert push inbox_update invitation"
)
Judge = Callable[[Change, list[Change]], bool]


class AllowedChanges:
    def __init__(self, db: Session, participant: Participant) -> None:
        self.participant, self.actor = participant, participant.actor
        self.id, self.active = participant.id, participant.active
        self.role = self.actor.role if self.actor is not None and self.active else None
        self.is_staff = self.role is Role.STAFF
        #: (table, id) of a request → states to which this participant may bring it; None: it may be deleted.
        self.targets = dict[tuple[str, int], set[Any]]()
        requests = list(db.exec(select(QualificationRequest)))
        #: Of the participant's own requests.
        self.requests = {one.id for one in requests if self.actor is not None and one.account_id == self.id}
        if self.actor is None or not self.active:
            return
        for one in requests:
            self._note(one, qualification.MACHINE, qualification_requests.case_of(db, one))
        for request in db.exec(select(CooperationRequest)):
            self._note(request, cooperation.MACHINE, cooperation_requests.case_of(db, request))

    def _note(self, row: Any, machine: Any, case: Any) -> None:
        aims = self.targets.setdefault((row.__tablename__, row.id), set())
        for action in machine.allowed_actions(case, self.actor):
            transition = machine.table[case.state, action]
            aims |= {
                transition.target,
                transition.target_if_true if transition.condition else transition.target,
            }

    def violations(self, changes: list[Change]) -> list[str]:
        """Every change that the rules do not give to this participant."""
        effects = [one for one in changes if one.table not in RECORDS | NOTIFICATIONS]
        wrong = [str(one) for one in effects if not self._allowed(one, changes)]
        told = [one for one in changes if one.table in NOTIFICATIONS]
        if told and not self.is_staff and not any(one.table not in ("chat", "draft") for one in effects):
            wrong += [f"told without an effect: {one}" for one in told]
        events = [one for one in changes if one.table == "audit_event"]
        others = [one for one in events if one.old is not None or one.row["actor_id"] not in (self.id, None)]
        return wrong + [f"an event in another's name: {one}" for one in others]

    def _allowed(self, one: Change, changes: list[Change]) -> bool:
        if one.table in OF_STAFF.split() and self.is_staff:
            return True
        judge: Judge | None = getattr(self, f"_{one.table}", None)
        return judge is not None and bool(judge(one, changes))

    def _own(self, role: Role, one: Change) -> bool:
        """A row of an account, by its owner in this role."""
        return self.role is role and one.row["account_id"] == self.id

    def _of_distributor(self, distributor_id: int) -> bool:
        """By its manager."""
        manager = self.actor if self.role is Role.DISTRIBUTOR else None
        return manager is not None and manager.distributor_id == distributor_id

    # ── table by table, named after it ──

    def _chat(self, one: Change, changes: list[Change]) -> bool:
        row = one.old or one.row
        if row["chat_id"] == self.participant.chat_id or (
            self.id is not None and row["account_id"] == self.id
        ):
            return True
        # A job sets the menu of commands and notes whose it is, whatever is done meanwhile.
        if one.old is not None and one.columns == {"menu_role"}:
            return one.row["menu_role"] in (None, one.row["role"])
        # A draft that is gone is shown nowhere any more.
        closed = one.columns <= {"draft_id", "dialogue", "dialogue_state", "version", "view"}
        return self.is_staff or (closed and any(other.table == "draft" for other in changes))

    def _draft(self, one: Change, changes: list[Change]) -> bool:
        row = one.old or one.row
        # A chat whose role was taken away is a guest's.
        if self.id is None or self.participant.name.endswith("former"):
            return row["account_id"] is None
        if row["account_id"] == self.id:
            return True
        # An answer to a request ends with it.
        about = {"qualification_request", "contract", "termination", "cooperation_request"}
        return one.new is None and any(other.table in about for other in changes)

    def _account(self, one: Change, changes: list[Change]) -> bool:
        own = one.row["id"] == self.id and not self.participant.suspended
        # An amendment that costs nothing is applied with its approval.
        return one.old is not None and (own or one.row["id"] in self._completed(changes))

    def _officer(self, one: Change, changes: list[Change]) -> bool:
        return self._own(Role.OFFICER, one) or one.row["account_id"] in self._completed(changes)

    @staticmethod
    def _completed(changes: list[Change]) -> set[int]:
        requests = [other for other in changes if other.table == "qualification_request"]
        return {one.row["account_id"] for one in requests if one.row["state"] is RequestState.COMPLETED}

    def _role_grant(self, one: Change, changes: list[Change]) -> bool:
        # When an expert was last told of waiting files.
        return one.old is not None and one.columns == {"waiting_notified_at"}

    def _qualification_request(self, one: Change, changes: list[Change]) -> bool:
        if one.old is None:
            return self._own(Role.OFFICER, one)
        aims = self.targets.get((one.table, one.row["id"]), set())
        if one.new is None:
            return None in aims or self._revoked(one.row["account_id"], changes)
        return one.new["state"] in aims and one.new["account_id"] == one.old["account_id"]

    def _revoked(self, account_id: int, changes: list[Change]) -> bool:
        """Staff take a qualification back: a draft of an amendment goes with it."""
        requests = [other for other in changes if other.table == "qualification_request" and other.new]
        found = {one.row["account_id"] for one in requests if one.row["state"] is RequestState.REVOKED}
        return self.is_staff and account_id in found

    def _payment_attempt(self, one: Change, changes: list[Change]) -> bool:
        """The owner of a request may have the bank asked; what it says is the payment's own table."""
        assert one.old is not None
        assert one.new is not None
        after = {key: row.target for key, row in payment.MACHINE.table.items()}
        asked = after.get((one.old["state"], PaymentEvent.ASKED))
        answers = {target for (source, _), target in after.items() if source is asked}
        return one.row["request_id"] in self.requests and one.new["state"] in {asked, *answers}

    def _deficiency_round(self, one: Change, changes: list[Change]) -> bool:
        requests = {other.row["id"] for other in changes if other.table == "qualification_request"}
        return one.row["request_id"] in requests

    _request_file = _deficiency_round

    def _cooperation_request(self, one: Change, changes: list[Change]) -> bool:
        if one.old is None:
            return self._of_distributor(one.row["distributor_id"])
        assert one.new is not None
        if one.new["state"] in self.targets.get((one.table, one.row["id"]), ()):
            return True
        # The officer's other requests end with an approval, a suspension, a revocation, …
        return one.new["state"] is CooperationState.CLOSED and any(
            other is not one and other.row.get("account_id", other.row.get("id")) == one.row["account_id"]
            for other in changes
            if other.table in ("cooperation_request", "account", "qualification_request")
        )

    def _contract(self, one: Change, changes: list[Change]) -> bool:
        requests = [other for other in changes if other.table == "cooperation_request"]
        approved = any(other.row["state"] is CooperationState.APPROVED for other in requests)
        if one.old is None:
            return approved
        if one.row["state"] is ContractState.ENDED_BY_DISTRIBUTOR:
            return approved or self._of_distributor(one.row["distributor_id"])
        if one.row["state"] is ContractState.ENDED_BY_OFFICER:
            return self._own(Role.OFFICER, one)
        return self.is_staff

    def _termination(self, one: Change, changes: list[Change]) -> bool:
        ended = one.old is not None and any(other.table == "contract" for other in changes)
        return ended or self._own(Role.OFFICER, one)

    def _branch(self, one: Change, changes: list[Change]) -> bool:
        return self._of_distributor(one.row["distributor_id"])

    def _distributor(self, one: Change, changes: list[Change]) -> bool:
        return self._of_distributor(one.row["id"])

    def _letter_recipient(self, one: Change, changes: list[Change]) -> bool:
        return one.old is not None and one.row["account_id"] == self.id

    def _search_query(self, one: Change, changes: list[Change]) -> bool:
        return self.role in (Role.EXPERT, Role.STAFF) and one.row["account_id"] == self.id

    _file_note = _expert_leave = _saved_phrase = _search_query

    def _stored_file(self, one: Change, changes: list[Change]) -> bool:
        return one.row["account_id"] == self.id and self.active
