"""What an act leaves: exactly these lines of the record, of the one who did it, and no row changed but its own."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pytest
from sqlmodel import Session, SQLModel, col, func, select

from bot.core.context import Actor, PublicInfo
from bot.jobs import held_decisions
from bot.rules.qualification import QualificationAction
from bot.rules.validators import Mobile, NationalCode
from bot.services import accounts, qualification, team
from bot.services.accounts import credentials
from bot.services.directorate import (
    document_requirements,
    document_types,
    faq_entries,
    reference_rows,
    studies,
    undelivered,
)
from bot.services.distributors import branch_closing, branches, registry
from bot.services.drafts import store
from bot.services.invitations import sending
from bot.services.letters import letters
from bot.services.letters.audience import Audience, Kind
from bot.services.officers import card
from bot.services.qualification.requests import QUALIFICATION_WORKFLOW
from bot.services.review import file_notes
from bot.services.search import lookup
from bot.services.shared import notify
from storage.enums import DistributorKind, Messenger, PushChannel, PushState, RejectReason, RequestState, Role
from storage.tables import (
    Account,
    AuditEvent,
    Branch,
    Chat,
    DocumentType,
    Draft,
    ExpertLeave,
    FaqEntry,
    Grant,
    KnownChat,
    LetterRecipient,
    Push,
    SearchQuery,
)
from tests.support.factories.cooperation import MINA, Parties
from tests.support.factories.people import suspend
from tests.support.factories.qualification import add_request
from tests.support.factories.reference_data import NOW

#: What is written and asked for does not depend on the database.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
INFO = PublicInfo("021", "https://x")


@dataclass
class Scene:
    """One act in a world of its own, which is undone afterwards."""

    db: Session
    parties: Parties

    @property
    def by_staff(self) -> dict[str, Any]:
        return {"actor": self.parties.staff, "now": NOW}

    @property
    def by_kian(self) -> dict[str, Any]:
        return {"actor": self.parties.kian.manager, "now": NOW}

    def chat(self, actor: Actor | None = None) -> Chat:
        row = Chat(messenger=Messenger.BALE, chat_id=777)
        if actor is not None:
            row.account_id, row.role = actor.account_id, actor.role
        self.db.add(row)
        self.db.flush()
        return row

    def account(self, actor: Actor) -> Account:
        return self.db.get_one(Account, actor.account_id)


def change_password(s: Scene) -> int | None:
    chat = s.chat(s.parties.sara)
    return accounts.change_password(
        s.db, actor=s.parties.sara, chat=chat, password_hash="n", system_made=True, now=NOW
    ).id


def renew_password(s: Scene) -> int | None:
    s.account(s.parties.sara).credentials_pending = True
    s.db.flush()
    renewed = credentials.renew(s.db, actor=s.parties.sara, password_hash="n", now=NOW)
    assert renewed is not None
    return renewed.id


def recover_access(s: Scene) -> int | None:
    account = s.account(s.parties.sara)
    account.mobile, account.mobile_verified = "+989121112233", True
    s.db.flush()
    known = {"national_code": NationalCode(account.national_code or ""), "mobile": Mobile(account.mobile)}
    found = credentials.recover(s.db, chat=s.chat(), **known, password_hash="n", now=NOW)
    assert found is not None
    return found.id


def sign_out(s: Scene) -> int | None:
    chat = s.chat(s.parties.sara)
    accounts.sign_out(s.db, actor=s.parties.sara, chat_row_id=chat.id or 0, mark=0, now=NOW)
    return s.parties.sara.account_id


def log_out(s: Scene) -> int | None:
    accounts.logout(s.db, actor=s.parties.sara, chat=s.chat(s.parties.sara), now=NOW)
    return s.parties.sara.account_id


def choose_role(s: Scene) -> int | None:
    s.db.add(Grant(account_id=s.parties.sara.account_id or 0, role=Role.STAFF))
    s.db.flush()
    accounts.choose(s.db, actor=s.parties.sara, chat=s.chat(s.parties.sara), role=Role.STAFF, now=NOW)
    return s.parties.sara.account_id


def create_user(s: Scene) -> int | None:
    given = {"role": Role.EXPERT, "university_code": "sums", "name": "نو کارشناس", "password_hash": "x"}
    return accounts.create_user(s.db, **s.by_staff, **given).id


def appoint_expert(s: Scene) -> int | None:
    given = {"role": Role.EXPERT, "university_code": "sums", "national_code": NationalCode(MINA)}
    return accounts.appoint_expert(s.db, **s.by_staff, **given).id


def deactivate_expert(s: Scene) -> int | None:
    account_id = s.parties.zahra.account_id or 0
    grant = s.db.exec(select(Grant).where(Grant.account_id == account_id)).one()
    accounts.deactivate(s.db, **s.by_staff, account_id=account_id, grant_id=grant.id or 0)
    return account_id


def document(s: Scene) -> DocumentType:
    return document_types.all_document_types(s.db, actor=s.parties.staff)[0]


def require_document(s: Scene, day: date) -> int:
    document_requirements.require_from(s.db, **s.by_staff, code=document(s).code, required="men", day=day)
    return 0


def set_rule(s: Scene) -> int:
    return require_document(s, NOW.date())


def plan_rule(s: Scene) -> int:
    return require_document(s, NOW.date() + timedelta(days=3))


def move_document(s: Scene) -> int | None:
    row = document(s)
    document_types.move_document_type(
        s.db, **s.by_staff, code=row.code, up=False, expected=reference_rows.row_fingerprint(row)
    )
    return 0


def add_document(s: Scene) -> int | None:
    given = {"name": "گواهی نو", "short_name": "گواهی نو", "required": "men", "max_files": 2, "active": True}
    document_types.add_document_type(s.db, **s.by_staff, **given)
    return 0


def add_entry(s: Scene) -> int | None:
    faq_entries.add_entry(
        s.db, **s.by_staff, question="کجا؟", short_name="کجا", answer="اینجا", search_words=""
    )
    return 0


def move_entry(s: Scene) -> int | None:
    second = FaqEntry(code="b", question="ب؟", short_name="ب", answer="ب", search_words="", position=2)
    s.db.add_all(
        [FaqEntry(code="a", question="آ؟", short_name="آ", answer="آ", search_words="", position=1), second]
    )
    s.db.flush()
    faq_entries.move_entry(
        s.db, **s.by_staff, code="b", up=True, expected=reference_rows.row_fingerprint(second)
    )
    return 0


def add_field(s: Scene) -> int | None:
    studies.add_field(s.db, **s.by_staff, name="رشته نو", needs_note=True)
    return 0


def close_pair(s: Scene) -> int | None:
    studies.set_pair(s.db, **s.by_staff, field_code="biomedical", level_code="bachelor", allowed=False)
    return 0


def define_branch(s: Scene) -> int | None:
    given = {"name": "شعبه نو", "province": "فارس", "city": "شیراز", "address": "خیابان زند، پلاک ۱۲"}
    return branches.define_branch(s.db, **s.by_kian, **given).id


def edit_branch(s: Scene) -> int | None:
    return branches.edit_branch(s.db, **s.by_kian, branch_id=s.parties.kian.east, name="شعبه باختر").id


def close_branch(s: Scene) -> int | None:
    branch = s.db.get_one(Branch, s.parties.kian.east)
    branch_closing.close_branch(s.db, **s.by_kian, branch_id=branch.id or 0, version=branch.version)
    return branch.id


def edit_company(s: Scene) -> int | None:
    return registry.edit_distributor(
        s.db, **s.by_kian, distributor_id=s.parties.kian.id, phone="02188776655"
    ).id


def create_company(s: Scene) -> int | None:
    details = registry.DistributorDetails(
        DistributorKind.GUILD, "سپید طب", "70099", "رضا امینی", "فارس", "شیراز", "خیابان زند، پلاک ۱۲"
    )
    return registry.create_distributor(s.db, **s.by_staff, details=details).distributor.id


def invite_manager(s: Scene) -> int | None:
    return sending.invite_manager(
        s.db,
        **s.by_staff,
        distributor_id=s.parties.kian.id,
        first_name="رضا",
        last_name="امینی",
        mobile=Mobile("+989121112233"),
        national_code=NationalCode("9991234561"),
        public_info=INFO,
    ).invitation.id


def letter(s: Scene) -> int:
    given = {"number": "۱۲", "title": "آزمون", "text": "آغاز شد.", "sms": False, "delay": timedelta(hours=1)}
    return letters.send_letter(s.db, **s.by_staff, to=Audience(Kind.ALL), **given).id or 0


def search(s: Scene) -> int | None:
    found = lookup.Results()
    lookup.remember(s.db, **s.by_staff, text="سارا", results=found)
    return s.parties.staff.account_id


def leave(s: Scene) -> int:
    day = date(2026, 12, 1)
    return (
        team.take_leave(
            s.db,
            actor=s.parties.ali,
            starts_on=day,
            ends_on=day + timedelta(days=3),
            deputy_id=s.parties.zahra.account_id or 0,
            now=NOW,
        ).id
        or 0
    )


def add_note(s: Scene) -> int | None:
    reviewer = s.parties.ali.account_id
    request = add_request(s.db, s.parties.unqualified, RequestState.IN_REVIEW, reviewer_id=reviewer)
    file_notes.add(
        s.db,
        actor=s.parties.ali,
        subject="qualification",
        subject_id=request.id or 0,
        text="با متقاضی صحبت شد.",
        now=NOW,
    )
    return request.id


def drop_decision(s: Scene) -> int | None:
    """A rejection that may still be undone, of a file that a colleague has by then."""
    held = {
        "action": str(QualificationAction.REJECT),
        "by": s.parties.ali.account_id,
        "role": str(Role.EXPERT),
        "university": "sums",
        "at": NOW.isoformat(),
        "given": {"reason": RejectReason.OTHER, "text": "مدارک ناقص است."},
    }
    request = add_request(
        s.db,
        s.parties.mina,
        RequestState.IN_REVIEW,
        reviewer_id=s.parties.zahra.account_id,
        held_until=NOW,
        held_decision=held,
    )
    due = {"subject": QUALIFICATION_WORKFLOW.subject, "request_id": request.id or 0, "now": NOW}
    assert held_decisions.make(s.db, **due, public_url="https://x")
    return request.id


def stop_letter(s: Scene) -> int:
    number = letter(s)
    letters.stop_letter(s.db, **s.by_staff, letter_id=number)
    return number


def end_leave(s: Scene) -> int | None:
    team.end_leave(s.db, actor=s.parties.ali, leave_id=leave(s), now=NOW)
    return s.parties.ali.account_id


def own_leave(s: Scene) -> int | None:
    leave(s)
    return s.parties.ali.account_id


LETTER_SENT = "letter_sent letter >SENDING: corrects=None kind=ALL recipients=# sms=False"
LEAVE_TAKEN = "leave_taken account: deputy=# ends_on=2026-12-04 leave=# starts_on=2026-12-01"
#: The act; who did it ("" the system); the lines that it leaves: event,
#: what it was done to, states, what else is noted, without numbers.
LINES: list[tuple[Callable[[Scene], int | None], str, list[str]]] = [
    (change_password, "sara", ["password_changed account: system_made=True"]),
    (renew_password, "sara", ["password_renewed account:"]),
    (recover_access, "sara", ["access_recovered account:"]),
    (sign_out, "sara", ["signed_out account: chat=#"]),
    (log_out, "sara", ["logged_out account:"]),
    (choose_role, "sara", ["role_chosen account: role=staff"]),
    (create_user, "staff", ["account_created account >ACTIVE: distributor=None role=expert university=sums"]),
    (appoint_expert, "staff", ["role_granted account: distributor=None role=expert university=sums"]),
    (deactivate_expert, "staff", ["expert_deactivated account: role=expert university=sums"]),
    (
        plan_rule,
        "staff",
        [
            "document_rule_planned document_type: code=national_card next_from=2026-11-25 next_required=men"
            " was={'next_required': None, 'next_from': None}"
        ],
    ),
    (
        set_rule,
        "staff",
        [
            "document_rule_set document_type: active=True code=national_card next_from=None next_required=None"
            " required=men required_since=2026-11-22 told_draft=# was={'required': 'yes', 'active': True,"
            " 'required_since': None, 'next_required': None, 'next_from': None, 'told_draft': None}"
        ],
    ),
    (move_document, "staff", ["document_moved document_type: code=national_card up=False"]),
    (add_document, "staff", ["document_added document_type: code=added_1 name=گواهی نو required=men"]),
    (add_entry, "staff", ["faq_added faq_entry: code=added_1 question=کجا؟"]),
    (move_entry, "staff", ["faq_moved faq_entry: code=b up=True"]),
    (add_field, "staff", ["field_added field: code=added_1 name=رشته نو needs_note=True"]),
    (close_pair, "staff", ["pair_closed field: code=biomedical level=bachelor"]),
    (define_branch, "kian", ["branch_defined branch: distributor=#"]),
    (edit_branch, "kian", ["branch_edited branch: fields=['name']"]),
    (close_branch, "kian", ["branch_closed branch: fields=['closed_at']"]),
    (edit_company, "kian", ["distributor_edited distributor: fields=['phone']"]),
    (create_company, "staff", ["distributor_created distributor:", "branch_defined branch: distributor=#"]),
    (
        invite_manager,
        "staff",
        ["manager_invited invitation: account=None distributor=# role=distributor university=None"],
    ),
    (letter, "staff", [LETTER_SENT]),
    (stop_letter, "staff", [LETTER_SENT, "letter_stopped letter SENDING>STOPPED: delivered=#"]),
    (search, "staff", ["searched account: results=#"]),
    (own_leave, "ali", [LEAVE_TAKEN]),
    (end_leave, "ali", [LEAVE_TAKEN, "leave_ended account: leave=#"]),
    (add_note, "ali", ["note_added qualification: note=#"]),
    (drop_decision, "", ["decision_dropped qualification: decision=REJECT reason=error.not_yours"]),
]


def recorded(db: Session) -> list[AuditEvent]:
    return list(db.exec(select(AuditEvent).order_by(col(AuditEvent.id))))


def told(line: AuditEvent) -> str:
    states = f" {line.from_state or ''}>{line.to_state}" if line.to_state else ""
    data = sorted(line.data.items())
    noted = [f" {key}={'#' if type(value) is int else value}" for key, value in data]
    return f"{line.event} {line.subject}{states}:{''.join(noted)}"


def test_each_act_leaves_its_lines(db: Session, parties: Parties) -> None:
    """In one world: each act is undone before the next one."""
    actors = {"": None, "kian": parties.kian.manager.account_id}
    wrong = {}
    for act, by, expected in LINES:
        undone, before = db.begin_nested(), len(recorded(db))
        subject_id = act(Scene(db, parties))
        lines = recorded(db)[before:]
        actor = actors[by] if by in actors else getattr(parties, by).account_id
        if [told(line) for line in lines] != expected or {line.actor_id for line in lines} != {actor}:
            wrong[act.__name__] = [told(line) for line in lines], {line.actor_id for line in lines}
        assert lines[0].subject_id == subject_id, act.__name__
        undone.rollback()
        db.expire_all()
    assert wrong == {}


def bystanders(db: Session, parties: Parties) -> None:
    """Rows of other people, of every kind that the acts write."""
    for number, one in enumerate((parties.mina, parties.foreign, parties.arad.manager), start=1):
        account_id = one.account_id or 0
        draft = Draft(
            account_id=account_id,
            dialogue="x",
            dialogue_version=1,
            subject_id=0,
            created_at=NOW,
            updated_at=NOW,
        )
        db.add(draft)
        db.flush()
        chat = Chat(messenger=Messenger.TELEGRAM, chat_id=9000 + number, account_id=account_id, role=one.role)
        chat.draft_id, chat.dialogue = draft.id, "x"
        push = Push(kind="N1", key=f"by:{number}", channel=PushChannel.CHAT, account_id=account_id, text="x")
        db.add_all([chat, push, SearchQuery(account_id=account_id, text="x", created_at=NOW)])
        db.flush()
        db.add(KnownChat(account_id=account_id, chat_row_id=chat.id or 0, at=NOW))
    days = {"starts_on": date(2026, 12, 1), "ends_on": date(2026, 12, 9), "created_at": NOW}
    who, deputy = parties.foreign.account_id, parties.ali.account_id
    db.add(ExpertLeave(account_id=who, deputy_id=deputy, university_code="mui", **days))
    number = letter(Scene(db, parties))
    for receipt in db.exec(select(LetterRecipient)):
        receipt.delivered_at = NOW
    for place, state in enumerate((PushState.QUEUED, PushState.GIVEN_UP, PushState.GIVEN_UP)):
        push = Push(kind="N20", key=f"letter:{place}", channel=PushChannel.CHAT, text="x", state=state)
        push.account_id, push.letter_id, push.note = parties.mina.account_id, number, f"cause {place}"
        db.add(push)
    notify.alert_staff(db, key="another", text="هشدار", now=NOW)
    db.flush()


def issue_card(s: Scene) -> None:
    card.issue_card(s.db, actor=s.parties.sara, now=NOW)


def open_letter(s: Scene) -> None:
    first = s.db.exec(select(LetterRecipient).order_by(col(LetterRecipient.account_id))).first()
    assert first is not None
    letters.open_letter(s.db, actor=s.parties.sara, letter_id=first.letter_id, now=NOW)


def given_up(db: Session) -> int:
    return db.exec(select(func.min(Push.id)).where(Push.state == PushState.GIVEN_UP)).one() or 0


def resend_push(s: Scene) -> None:
    undelivered.resend(s.db, **s.by_staff, push_id=given_up(s.db))


def resend_cause(s: Scene) -> None:
    undelivered.resend_cause(s.db, **s.by_staff, push_id=given_up(s.db))


def put_push_away(s: Scene) -> None:
    undelivered.give_up(s.db, **s.by_staff, push_id=given_up(s.db))


def raise_alert(s: Scene) -> None:
    notify.alert_staff(s.db, key="disk", text="دیسک پر است.", now=NOW)


def raise_alert_again(s: Scene) -> None:
    raise_alert(s)
    notify.alert_staff(s.db, key="disk", text="دیسک پرتر است.", now=NOW + timedelta(hours=1))


def close_alert(s: Scene) -> None:
    notify.close_alert(s.db, key="another", now=NOW)
    raise_alert(s)


def cancel_invitation(s: Scene) -> None:
    invited = invite_manager(s)
    sending.cancel(s.db, **s.by_staff, invitation_id=invited or 0)


def discard_request(s: Scene) -> None:
    request = qualification.start_draft(s.db, actor=s.parties.unqualified, now=NOW)
    qualification.discard(s.db, actor=s.parties.unqualified, request_id=request.id or 0, now=NOW)


def suspend_account(s: Scene) -> None:
    suspend(s.db, s.parties.staff, s.parties.sara)


def drop_draft(s: Scene) -> None:
    draft = Draft(
        account_id=s.parties.sara.account_id or 0,
        dialogue="x",
        dialogue_version=1,
        subject_id=0,
        created_at=NOW,
        updated_at=NOW,
    )
    s.db.add(draft)
    s.db.flush()
    chat = s.chat(s.parties.sara)
    chat.draft_id, chat.dialogue = draft.id, "x"
    s.db.flush()
    store.drop_draft(s.db, draft)


def rows(db: Session) -> dict[str, dict[Any, Any]]:
    found = {}
    for table in SQLModel.metadata.sorted_tables:
        keys = [column.name for column in table.primary_key]
        found[table.name] = {
            tuple(row._mapping[key] for key in keys): tuple(row) for row in db.execute(table.select())
        }
    return found


#: Acts whose lines other tests look at.
OTHERS: list[Callable[[Scene], None]] = [
    issue_card,
    open_letter,
    resend_push,
    resend_cause,
    put_push_away,
    raise_alert,
    raise_alert_again,
    close_alert,
    cancel_invitation,
    discard_request,
    suspend_account,
    drop_draft,
]
#: Rows that each act writes or removes, with those that it begins with; lines of the record apart.
TOUCHED = {
    "change_password": "account=1 chat=1 push=1",
    "renew_password": "account=1",
    "recover_access": "account=1 throttle=1 chat=1 known_chat=1 push=1",
    "sign_out": "chat=1",
    "log_out": "chat=1",
    "choose_role": "role_grant=1 chat=1",
    "create_user": "account=1 search_key=4 role_grant=1",
    "appoint_expert": "role_grant=1 push=2",
    "deactivate_expert": "role_grant=1",
    "plan_rule": "document_type=1",
    "set_rule": "document_type=1",
    "move_document": "document_type=3",
    "add_document": "document_type=1",
    "add_entry": "faq_entry=1",
    "move_entry": "faq_entry=2",
    "add_field": "field_of_study=1",
    "close_pair": "closed_pair=1",
    "define_branch": "branch=1",
    "edit_branch": "branch=1",
    "close_branch": "branch=1",
    "edit_company": "distributor=1",
    "create_company": "distributor=1 search_key=8 branch=1",
    "invite_manager": "invitation=1 push=1",
    "letter": "letter=1 letter_recipient=3",
    "stop_letter": "letter=1 letter_recipient=3",
    "search": "search_query=1",
    "own_leave": "expert_leave=1 push=2",
    "end_leave": "expert_leave=1 push=2",
    "add_note": "file_note=1 qualification_request=1",
    "drop_decision": "qualification_request=1 push=1",
    "issue_card": "officer=1",
    "open_letter": "letter_recipient=1",
    "resend_push": "push=1",
    "resend_cause": "push=1",
    "put_push_away": "push=1",
    "raise_alert": "staff_alert=1 push=1",
    "raise_alert_again": "staff_alert=1 push=1",
    "close_alert": "staff_alert=2 push=1",
    "cancel_invitation": "invitation=1 push=1",
    "discard_request": "",
    "suspend_account": "account=1 push=1",
    "drop_draft": "chat=1",
}


def test_an_act_touches_no_row_but_its_own(db: Session, parties: Parties) -> None:
    bystanders(db, parties)
    before = rows(db)
    wrong = {}
    for act in [*(act for act, _, _ in LINES), *OTHERS]:
        undone = db.begin_nested()
        act(Scene(db, parties))
        db.flush()
        after = rows(db)
        touched = {
            name: len([key for key in {*old, *after[name]} if old.get(key) != after[name].get(key)])
            for name, old in before.items()
        }
        told = " ".join(
            f"{name}={number}" for name, number in touched.items() if number and name != "audit_event"
        )
        if TOUCHED.get(act.__name__) != told:
            wrong[act.__name__] = told
        undone.rollback()
        db.expire_all()
    assert wrong == {}
