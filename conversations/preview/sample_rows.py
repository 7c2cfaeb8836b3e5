"""Made-up people and requests, so that a dialogue's questions have something to offer. For an empty database
only."""

from __future__ import annotations

from datetime import date, datetime
from itertools import count
from typing import TYPE_CHECKING

from bot.application.routes import STAFF_ONLY
from bot.core.context import PublicInfo, Turn
from bot.core.incoming import Incoming
from bot.services.shared import reference_data
from conversations.engine.declaration import Dialogue
from storage.enums import (
    CooperationState,
    DistributorKind,
    Messenger,
    RequestKind,
    RequestState,
    Role,
)
from storage.tables import (
    Account,
    Branch,
    Chat,
    CooperationRequest,
    DeficiencyRound,
    Distributor,
    Draft,
    Grant,
    Officer,
    QualificationRequest,
    StoredFile,
)

if TYPE_CHECKING:
    from sqlmodel import Session

PUBLIC_INFO = PublicInfo("021-1234", "https://bot.example")
#: Answers of a request that was submitted.
FIELDS = {
    "first_name": "سارا", "last_name": "کریمی", "father_name": "علی", "gender": "male", "birth_cert_no": "12",
    "province": "فارس", "city": "شیراز", "postal_address": "شیراز، خیابان زند", "phone": "", "email": None,
}  # fmt: skip
#: In which state the request must be that a dialogue is about.
SUBJECTS = {
    "qualification": RequestState.DRAFT,
    "fix": RequestState.DEFICIENT,
    "reject": RequestState.IN_REVIEW,
    "deficiencies": RequestState.IN_REVIEW,
    "note": RequestState.IN_REVIEW,
    "hand_over": RequestState.IN_REVIEW,
    "revoke": RequestState.COMPLETED,
}
#: Dialogues about a branch, and about a cooperation request there.
AT_BRANCH, ABOUT_COOPERATION = (
    frozenset({"pick_officer"}),
    frozenset({"coop_reject", "coop_note", "coop_hand_over"}),
)
#: Who is in a dialogue that asks the services before its end; staff are in theirs, officers in the others.
ROLES = {
    "bulk": Role.IN_CHARGE,
    "coop_bulk": Role.IN_CHARGE,
    "leave": Role.EXPERT,
    "new_phrase": Role.IN_CHARGE,
    "pick_officer": Role.DISTRIBUTOR,
    "find_branch": Role.DISTRIBUTOR,
}
_NUMBERS = count(90_000_001)
_GUILD_NUMBERS = count(10_000)


def sample_turn(db: Session, dialogue: Dialogue, now: datetime) -> Turn:
    """A turn of an account that may be in this dialogue, about a request in the right state; a guest where it
    is for guests."""
    role = ROLES.get(dialogue.name, Role.STAFF if dialogue.roles == STAFF_ONLY else Role.OFFICER)
    account = None if dialogue.roles == {None} else sample_account(db)
    chat = Chat(messenger=Messenger.BALE, chat_id=1, account_id=account.id if account else None, role=role)
    subject = 0
    if account and dialogue.name in SUBJECTS:
        owner = sample_account(db) if role is Role.STAFF else account  # staff act on nothing of their own
        subject = sample_request(db, owner, SUBJECTS[dialogue.name])
    grants: list[Grant] = []
    if account is not None:
        branch = sample_branch(db)
        grants = [Grant(account_id=account.id or 0, role=role)]
        if role is Role.DISTRIBUTOR:
            grants[0].distributor_id = branch.distributor_id
        if role in (Role.EXPERT, Role.IN_CHARGE):
            grants[0].university_code = "sums"
            colleague = sample_account(db)
            db.add(Grant(account_id=colleague.id or 0, role=role, university_code="sums"))
        db.add_all(grants)
        db.flush()
        if dialogue.name in AT_BRANCH:
            subject = branch.id or 0
        if dialogue.name == "find_staff_branch":
            subject = branch.distributor_id
        if dialogue.name in ABOUT_COOPERATION:
            subject = sample_cooperation(db, account, branch)
    draft = Draft(id=7, account_id=chat.account_id, dialogue=dialogue.name, subject_id=subject)
    return Turn(db, now, PUBLIC_INFO, chat, Incoming(Messenger.BALE, 1, 1), account, draft, tuple(grants))


def sample_account(db: Session) -> Account:
    """An officer without a national code."""
    account = Account(
        user_code=f"{next(_NUMBERS):08}",
        password_hash="",
        first_name="سارا",
        last_name="کریمی‌نژاد",
        mobile="+989120000000",
    )
    db.add(account)
    db.flush()
    db.add(Officer(account_id=account.id or 0, birth_date=date(1986, 7, 3)))
    db.flush()
    return account


def sample_branch(db: Session) -> Branch:
    """The central one of a distributor whose name is one of the sample answers."""
    distributor = Distributor(
        kind=DistributorKind.GUILD, name="سارا", guild_id=f"{next(_GUILD_NUMBERS)}", manager_name="حمید صالحی"
    )
    db.add(distributor)
    db.flush()
    branch = Branch(
        distributor_id=distributor.id or 0,
        name="مرکزی",
        province="فارس",
        city="شیراز",
        university_code="sums",
        address="شیراز، خیابان زند",
        is_central=True,
    )
    db.add(branch)
    db.flush()
    return branch


def sample_cooperation(db: Session, account: Account, branch: Branch) -> int:
    request = CooperationRequest(
        branch_id=branch.id or 0,
        distributor_id=branch.distributor_id,
        account_id=account.id or 0,
        requested_by=account.id or 0,
        state=CooperationState.PENDING_UNIVERSITY,
        tracking_code=f"{account.id:012}",
        university_code="sums",
    )
    db.add(request)
    db.flush()
    return request.id or 0


def sample_request(db: Session, account: Account, state: RequestState) -> int:
    file = StoredFile(
        account_id=account.id or 0,
        sha256="0",
        media_type="image/png",
        size=1,
        original_key="o",
        shown_key="s",
    )
    db.add(file)
    db.flush()
    snapshot = FIELDS | {f"doc.{code}": [file.id] for code in reference_data.names_of_documents(db)}
    request = QualificationRequest(
        account_id=account.id or 0,
        kind=RequestKind.NEW,
        state=state,
        tracking_code=f"{account.id:012}",
        reviewer_id=account.id,
        snapshot=snapshot,
    )
    db.add(request)
    db.flush()
    assert request.id is not None
    if state is RequestState.DEFICIENT:
        items = [key for key in snapshot if key not in ("province", "city")]
        db.add(
            DeficiencyRound(
                request_id=request.id,
                round=0,
                declared_by=account.id or 0,
                items=items,
                note="ناقص است",
                snapshot=snapshot,
            )
        )
        db.flush()
    return request.id
