"""Starting and discarding a request, and what its form begins with; on both databases."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import Session, select

from bot.core.context import Actor
from bot.core.refusals import NotAllowed, Stale
from bot.services import qualification
from bot.services.qualification import decisions
from bot.services.shared import audit
from storage.database.database import Database
from storage.enums import RejectReason, RequestKind, RequestState, Role
from storage.tables import AuditEvent, Chat, Draft, Officer, QualificationRequest, StoredFile
from tests.support.factories.people import Participants, officer
from tests.support.factories.qualification import add_request, form_answers, submitted_request
from tests.support.factories.reference_data import NOW
from tests.support.services import act, meet_after_check, refused


def test_a_second_request_leads_to_the_open_one(db: Session, people: Participants) -> None:
    draft = qualification.start_draft(db, actor=people.sara, now=NOW)
    with refused("error.open_draft", db=db) as caught:
        qualification.start_draft(db, actor=people.sara, now=NOW)
    labels = [button.label for button in caught.refusal.next_buttons]
    assert labels == ["▶️ ادامه درخواست", "🗑 حذف پیش‌نویس"]
    answers = form_answers(db, people.sara)
    act(db, qualification.submit, people.sara, draft, answers=answers)
    with refused("error.open_request", db=db) as caught:
        qualification.start_draft(db, actor=people.sara, now=NOW)
    assert caught.refusal.args_of_text["code"] == "140509010001"
    with refused(Stale, db=db):  # a double tap on the final submission
        act(db, qualification.submit, people.sara, draft, answers=answers)


async def test_two_chats_start_at_once_and_one_draft_exists(database: Database, people: Participants) -> None:
    found = await asyncio.gather(
        *(
            database.run(lambda db: qualification.start_draft(db, actor=people.sara, now=NOW).id)
            for _ in range(2)
        ),
        return_exceptions=True,
    )
    assert sorted(isinstance(one, NotAllowed) for one in found) == [False, True]
    assert len(await database.read(lambda db: db.exec(select(QualificationRequest)).all())) == 1


@pytest.mark.parametrize(
    "other",
    [None, {"subject": 1}, {"dialogue": "general"}, {"of_mina": True}],
    ids=["none", "of another request", "of another dialogue", "of another officer"],
)
def test_discarding_a_draft_frees_the_chats_that_show_it_and_no_other_draft(
    db: Session, people: Participants, other: dict[str, Any] | None
) -> None:
    """The other draft differs from the discarded one in one thing."""
    request, mina = qualification.start_draft(db, actor=people.sara, now=NOW), officer(db)

    def draft(dialogue: str = "qualification", subject: int = 0, of_mina: bool = False) -> Draft:
        owner, number = (mina if of_mina else people.sara).account_id, request.id + subject
        made = Draft(account_id=owner, dialogue=dialogue, subject_id=number, answers={"a": 1})
        db.add(made)
        db.flush()
        return made

    shown = discarded = draft()
    if other:
        shown = draft(**other)
    chat = db.exec(select(Chat).where(Chat.account_id == people.sara.account_id)).one()
    chat.dialogue, chat.draft_id, chat.dialogue_state = shown.dialogue, shown.id, {"step": "city"}
    db.flush()
    before = chat.dialogue, chat.draft_id, chat.dialogue_state
    act(db, qualification.discard, people.sara, request)
    assert db.exec(select(Draft)).all() == [one for one in [shown] if one is not discarded]
    db.refresh(chat)
    after = (None, None, {}) if shown is discarded else before
    assert (chat.dialogue, chat.draft_id, chat.dialogue_state) == after
    assert qualification.current_open(db, people.sara.account_id) is None
    assert qualification.may_start(db, actor=people.sara)


def test_only_the_owner_touches_a_draft(db: Session, people: Participants) -> None:
    draft, mina = qualification.start_draft(db, actor=people.sara, now=NOW), officer(db)
    answers = form_answers(db, mina)
    for other in (mina, people.ali, people.staff, Actor(people.sara.account_id, Role.EXPERT, "sums")):
        with refused(NotAllowed, db=db):
            act(db, qualification.submit, other, draft, answers=answers)
        for service in (qualification.discard, qualification.withdraw):
            with refused(NotAllowed, db=db):
                act(db, service, other, draft)


# ── what the form begins with ────────────────────────────────────────────────────────────────────────────────────


def test_the_first_form_begins_with_the_registration(db: Session, people: Participants) -> None:
    draft = qualification.start_draft(db, actor=people.sara, now=NOW)
    assert qualification.prefill(db, draft) == {
        "first_name": "سارا",
        "last_name": "کریمی‌نژاد",
        "degree_level": "bachelor",
        "field_of_study": "biomedical",
    }


@pytest.mark.parametrize("reason", [RejectReason.WRONG_REGION, RejectReason.INVALID_DOCUMENTS])
def test_the_form_after_a_rejection(db: Session, people: Participants, reason: RejectReason) -> None:
    """Without the region where that was wrong, and without files that were removed."""
    act(db, decisions.reject, people.ali, submitted_request(db, people.sara), reason=reason)
    request = qualification.start_draft(db, actor=people.sara, now=NOW)
    found = qualification.prefill(db, request)
    region = {key: found.get(key) for key in ("province", "city", "university") if key in found}
    wrong_region = reason is RejectReason.WRONG_REGION
    assert region == ({} if wrong_region else {"province": "فارس", "city": "شیراز", "university": "sums"})
    assert found["postal_address"].startswith("شیراز")
    assert found["phone"] == ""
    (card,) = found["doc.national_card"]
    db.get_one(StoredFile, card).removed_at = NOW
    db.flush()
    assert "doc.national_card" not in qualification.prefill(db, request)


def test_later_general_edits_go_before_the_old_snapshot(db: Session, people: Participants) -> None:
    act(db, qualification.withdraw, people.sara, submitted_request(db, people.sara))
    profile = db.get_one(Officer, people.sara.account_id)
    profile.postal_address, profile.father_name = "نشانی تازه در شیراز", "بی‌اثر"
    db.flush()
    audit.record(
        db,
        now=NOW + timedelta(hours=1),
        actor=people.sara,
        event="general_edited",
        subject="account",
        subject_id=people.sara.account_id,
        field="postal_address",
    )
    draft = qualification.start_draft(db, actor=people.sara, now=NOW + timedelta(hours=2))
    found = qualification.prefill(db, draft)
    assert found["postal_address"] == "نشانی تازه در شیراز"
    assert found["father_name"] == "علی"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_which_earlier_request_a_form_begins_with(db: Session, people: Participants) -> None:
    """The officer's own newest one for a qualification that came to nothing."""
    ended: dict[str, Any] = {"closed_at": NOW, "tracking_code": None}

    def earlier(owner: Actor, state: RequestState, name: str, **more: Any) -> None:
        if state is RequestState.REJECTED:
            more |= {"reject_reason": RejectReason.OTHER, "reject_text": "مدارک ناقص است"}
        add_request(db, owner, state, snapshot={"father_name": name}, **ended | more)

    earlier(people.sara, RequestState.WITHDRAWN, "یکم")
    earlier(people.sara, RequestState.REJECTED, "دوم")
    earlier(people.sara, RequestState.REJECTED, "اصلاحیه", kind=RequestKind.AMENDMENT)
    earlier(people.sara, RequestState.COMPLETED, "کامل")
    earlier(officer(db), RequestState.REJECTED, "از دیگری")
    draft = qualification.start_draft(db, actor=people.sara, now=NOW)
    assert qualification.prefill(db, draft)["father_name"] == "دوم"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_which_edits_go_before_the_old_snapshot(db: Session, people: Participants) -> None:
    """Those that its officer made to the free items since."""
    request = submitted_request(db, people.sara, phone="07131111111", email="a@example.ir")
    act(db, qualification.withdraw, people.sara, request)
    profile = db.get_one(Officer, people.sara.account_id)
    for item in ("postal_address", "phone", "email", "father_name", "birth_cert_no"):
        setattr(profile, item, f"تازه {item}")
    db.flush()
    hour = timedelta(hours=1)
    for owner, event, item, now in (
        (people.sara, "general_edited", "postal_address", NOW + hour),
        (officer(db), "general_edited", "phone", NOW + hour),
        (people.sara, "general_edited", "email", NOW),
        (people.sara, "name_corrected", "father_name", NOW + hour),
    ):
        given = {"subject": "account", "subject_id": owner.account_id or 0, "field": item}
        audit.record(db, now=now, actor=owner, event=event, **given)
    found = qualification.prefill(db, qualification.start_draft(db, actor=people.sara, now=NOW + hour))
    assert {item for item, value in found.items() if f"{value}".startswith("تازه")} == {"postal_address"}


async def test_a_draft_that_two_chats_discard_at_once_goes_once(
    database: Database, people: Participants, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On PostgreSQL both have found it before either removes it."""
    draft = await database.run(lambda db: qualification.start_draft(db, actor=people.sara, now=NOW))
    meet_after_check(database, monkeypatch)
    async with asyncio.timeout(90):
        found = await asyncio.gather(
            *(database.run(lambda db: act(db, qualification.discard, people.sara, draft)) for _ in range(2)),
            return_exceptions=True,
        )
    assert sorted(str(type(one)) for one in found) == sorted([str(Stale), str(type(None))])
    discarded = select(AuditEvent).where(AuditEvent.event == "discarded")
    assert len(await database.read(lambda db: db.exec(discarded).all())) == 1
