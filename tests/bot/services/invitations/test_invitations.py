"""Invitations: which are open, listed, removed; what the link and the code give, to whom, and who hears of it."""

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlmodel import Session, col, select

from bot.core.context import Actor, PublicInfo
from bot.core.refusals import NotAllowed, Refusal, Stale
from bot.rules.validators import Mobile, NationalCode
from bot.services.invitations import acceptance, lists, sending
from bot.services.invitations.sending import Invited
from bot.services.review import routing
from storage.enums import AccountState, Messenger, PushChannel, RequestState, Role
from storage.tables import Account, AuditEvent, Chat, Grant, Invitation, Push
from tests.support.effects import alerts, leads_to, pushes, sms_to
from tests.support.factories.cooperation import Parties, parties
from tests.support.factories.people import account, end_role, granted
from tests.support.factories.qualification import add_request
from tests.support.factories.reference_data import NOW
from tests.support.prepared_rows import prepare
from tests.support.services import refused

INFO = PublicInfo("021", "https://x")
INFO.bot_links[Messenger.BALE] = "https://ble.ir/bot"
MOBILE, CODE = "+989350000001", "0012345679"
DAY, SECOND = timedelta(days=1), timedelta(seconds=1)


@pytest.fixture
async def people(database: Any) -> Parties:
    found: Parties = await prepare(database, parties)
    return found


def invite(db: Session, actor: Actor, role: Role = Role.EXPERT, at: str = "sums", **values: Any) -> Invited:
    given = {"first_name": "نگار", "last_name": "رستمی", "mobile": Mobile(MOBILE), "national_code": None}
    return sending.invite_expert(
        db, actor=actor, role=role, university_code=at, public_info=INFO, now=NOW, **given | values
    )


def invite_manager(db: Session, actor: Actor, distributor_id: int) -> Invited:
    given = {"first_name": "نگار", "last_name": "رستمی", "mobile": Mobile(MOBILE)}
    return sending.invite_manager(
        db,
        actor=actor,
        distributor_id=distributor_id,
        national_code=NationalCode(CODE),
        public_info=INFO,
        now=NOW,
        **given,  # type: ignore[arg-type]
    )


def secrets_of(invited: Invited) -> dict[str, str]:
    token = re.search(r"start=invite_([\w-]+)", invited.message)
    codes = re.findall(r"(?<!\d)\d{6}(?!\d)", invited.message)
    assert token is not None
    (code,) = [one for one in codes if one not in token[1]]
    return {"token": token[1], "code": code}


def stranger(db: Session) -> Chat:
    chat = Chat(messenger=Messenger.BALE, chat_id=4711)
    db.add(chat)
    db.flush()
    return chat


def accepted(db: Session, invited: Invited, chat: Chat, now: Any = NOW, **values: Any) -> Account:
    given = {"account_id": None, "national_code": NationalCode(CODE), "password_hash": "h"}
    return acceptance.accept(db, chat=chat, now=now, **secrets_of(invited) | given | values)[0]  # type: ignore[arg-type]


def events(db: Session, *names: str) -> list[AuditEvent]:
    query = select(AuditEvent).where(AuditEvent.subject == "invitation", col(AuditEvent.event).in_(names))
    return list(db.exec(query.order_by(col(AuditEvent.id))))


def test_who_is_invited_gets_link_and_code(db: Session, people: Parties) -> None:
    invited = invite(db, people.staff)
    row = invited.invitation
    assert (row.role, row.university_code, row.mobile, row.sent) == (Role.EXPERT, "sums", MOBILE, 1)
    assert (row.expires_at, row.invited_by) == (NOW + 3 * DAY, people.staff.account_id)
    known = secrets_of(invited)
    assert known["token"] not in (row.token_hash, row.code_hash)
    (sms,) = sms_to(db, MOBILE)
    assert (sms.text, sms.sms["tokens"]) == (invited.message, [known["code"]])
    (event,) = events(db, "expert_invited")
    assert (event.subject_id, event.data["role"], event.data["university"]) == (row.id, "expert", "sums")
    assert [len(known["token"]), known == secrets_of(invite(db, people.staff))] == [22, False]
    for wrong, why in (({"role": Role.OFFICER}, NotAllowed), ({"at": "none"}, "error.university_needed")):
        with refused(why, db=db):
            invite(db, people.staff, **wrong)  # type: ignore[arg-type]
    with refused("error.distributor_needed", db=db):
        invite_manager(db, people.staff, 10**6)
    for ask in (lambda: invite(db, people.in_charge), lambda: invite_manager(db, people.ali, people.kian.id)):
        with refused(NotAllowed, db=db):
            ask()
    assert len(sms_to(db, MOBILE)) == 2


@pytest.mark.parametrize(
    ("values", "after", "open_"),
    [
        ({}, timedelta(0), True),
        ({}, 3 * DAY - SECOND, True),
        ({}, 3 * DAY, False),
        ({"accepted_at": NOW}, timedelta(0), False),
        ({"cancelled_at": NOW}, timedelta(0), False),
        ({"wrong_codes": 4}, timedelta(0), True),
        ({"wrong_codes": 5}, timedelta(0), False),
    ],
)
def test_when_an_invitation_is_open(
    db: Session, people: Parties, values: dict[str, Any], after: timedelta, open_: bool
) -> None:
    invited, other = invite(db, people.staff), invite(db, people.staff)
    for name, value in values.items():
        setattr(invited.invitation, name, value)
    db.flush()
    token = secrets_of(invited)["token"]
    assert lists.is_open(invited.invitation, NOW + after) is open_
    if open_:
        assert acceptance.behind(db, token=token, now=NOW + after) is invited.invitation
    else:
        with refused("error.invitation_over"):
            acceptance.behind(db, token=token, now=NOW + after)
    assert acceptance.behind(db, token=secrets_of(other)["token"], now=NOW) is other.invitation
    with refused("error.invitation_over"):
        acceptance.behind(db, token="unknown", now=NOW)


def test_five_wrong_codes_and_it_is_over(db: Session, people: Parties) -> None:
    invited = invite(db, people.staff)
    known, other = secrets_of(invited), secrets_of(invite(db, people.staff))
    wrong = "000000" if known["code"] != "000000" else "111111"

    def try_code(code: str) -> bool:
        return acceptance.try_code(db, token=known["token"], code=code, now=NOW)

    assert try_code(known["code"])
    assert [try_code(code) for code in (wrong, other["code"], wrong, wrong)] == [False] * 4
    assert try_code(known["code"])
    assert not try_code(wrong)
    with refused("error.invitation_over"):
        try_code(known["code"])
    again = sending.send_again(
        db, actor=people.staff, invitation_id=invited.invitation.id or 0, public_info=INFO, now=NOW + DAY
    )
    assert (again.invitation.sent, again.invitation.wrong_codes) == (2, 0)
    assert again.invitation.expires_at == NOW + 4 * DAY
    assert acceptance.try_code(db, **secrets_of(again), now=NOW)
    assert len(events(db, "expert_invited")) == 3
    first = next(one for one in sms_to(db, MOBILE) if one.key.endswith(f"{invited.invitation.id}:1:sms"))
    assert known["code"] not in first.text
    assert first.sms == {"void": True}


def test_a_newcomer_gets_account_role_and_chat(db: Session, people: Parties) -> None:
    invited, chat = invite(db, people.staff, role=Role.IN_CHARGE), stranger(db)
    add_request(db, people.unqualified, RequestState.SUBMITTED)
    for one in (people.ali, people.zahra, people.in_charge):
        end_role(db, one)
    routing.alert_if_no_expert(db, university_code="sums", now=NOW)
    assert alerts(db) == ["no-expert:sums"]
    made = accepted(db, invited, chat)
    assert alerts(db) == []
    assert (made.first_name, made.last_name, made.mobile, made.national_code) == (
        "نگار",
        "رستمی",
        MOBILE,
        CODE,
    )
    (grant,) = db.exec(select(Grant).where(Grant.account_id == made.id))
    assert (grant.role, grant.university_code, grant.active) == (Role.IN_CHARGE, "sums", True)
    assert (chat.account_id, chat.role) == (made.id, Role.IN_CHARGE)
    row = invited.invitation
    assert (row.accepted_at, row.accepted_by) == (NOW, made.id)
    (event,) = events(db, "invitation_accepted")
    assert (event.actor_id, event.data["account"]) == (made.id, made.id)
    (told,) = pushes(db, people.staff, "N27")
    assert leads_to(told, "staff.university")
    assert secrets_of(invited)["code"] not in sms_to(db, MOBILE)[0].text
    with refused("error.invitation_over"):
        accepted(db, invited, chat)


def test_the_code_that_staff_know_counts(db: Session, people: Parties) -> None:
    invited = invite(db, people.staff, national_code=NationalCode("9991234578"))
    assert accepted(db, invited, stranger(db)).national_code == "9991234578"


def test_a_manager_joins_the_distributor(db: Session, people: Parties) -> None:
    invited, chat = invite_manager(db, people.staff, people.kian.id), stranger(db)
    made = accepted(db, invited, chat, national_code=None)
    (grant,) = db.exec(select(Grant).where(Grant.account_id == made.id))
    assert (grant.role, grant.distributor_id) == (Role.DISTRIBUTOR, people.kian.id)
    (told,) = pushes(db, people.staff, "N27")
    assert leads_to(told, "staff.dist")
    (event,) = events(db, "manager_invited")
    assert event.data["distributor"] == people.kian.id
    other = invite_manager(db, people.staff, people.arad.id).invitation.id or 0
    sending.send_again(db, actor=people.staff, invitation_id=other, public_info=INFO, now=NOW)
    assert len(events(db, "manager_invited")) == 3
    with refused("error.invitation_over"):
        acceptance.accept(
            db,
            chat=chat,
            account_id=None,
            national_code=None,
            password_hash="h",
            now=NOW,
            token=secrets_of(invited)["token"],
            code="x",
        )


def test_who_is_logged_in_gets_the_role_beside_theirs(db: Session, people: Parties) -> None:
    chat = db.exec(select(Chat).where(Chat.account_id == people.mina.account_id)).one()
    db.add(Chat(messenger=Messenger.BALE, chat_id=99, account_id=people.mina.account_id))
    db.flush()
    made = accepted(db, invite(db, people.staff), chat, account_id=people.mina.account_id)
    assert made.id == people.mina.account_id
    roles = db.exec(select(Grant).where(Grant.account_id == made.id, col(Grant.active))).all()
    assert {(one.role, one.university_code) for one in roles} >= {(Role.EXPERT, "sums")}
    assert chat.role is Role.EXPERT
    told = pushes(db, people.mina, "N26")
    assert [one.chat_row_id == chat.id for one in told] == [False]


@pytest.mark.parametrize(
    ("case", "why"),
    [
        ("guest", None),
        ("own code", None),
        ("no code of their own", None),
        ("no code in the invitation", None),
        ("another's", "error.invitation_of_another"),
        ("suspended", "error.account_state"),
        ("new access", "error.access_logged_in"),
    ],
)
def test_whom_an_invitation_is_for(db: Session, people: Parties, case: str, why: str | None) -> None:
    code = None if case == "no code in the invitation" else NationalCode(CODE)
    row = invite(db, people.staff, national_code=code).invitation
    one: Account | None = account(db, "نگار", "دیگر", national_code=CODE)
    assert one is not None
    match case:
        case "guest":
            one = None
        case "no code of their own":
            one.national_code = None
        case "another's":
            one.national_code = "9991234586"
        case "suspended":
            one.state = AccountState.SUSPENDED
        case "new access":
            row.account_id = one.id
    if why is None:
        acceptance.need_addressee(row, one)
    else:
        with refused(why):
            acceptance.need_addressee(row, one)


def test_new_access_voids_the_link_before(db: Session, people: Parties) -> None:
    ali = people.ali.account_id or 0
    invite(db, people.staff)

    granted(db, db.get_one(Account, ali), Role.OFFICER)

    def reset(now: datetime = NOW) -> Invited:
        return sending.reset_access(
            db,
            actor=people.staff,
            account_id=ali,
            reason="گوشی گم شده است",
            password_hash="void",
            public_info=INFO,
            now=now,
        )

    db.get_one(Account, ali).mobile = MOBILE
    first, second = reset(), reset()
    assert (first.invitation.cancelled_at, second.invitation.cancelled_at) == (NOW, None)
    assert (second.invitation.role, second.invitation.account_id) == (Role.EXPERT, ali)
    with refused("error.invitation_over"):
        acceptance.behind(db, token=secrets_of(first)["token"], now=NOW)
    open_ = db.exec(select(Invitation).where(col(Invitation.cancelled_at).is_(None))).all()
    assert len(open_) == 2
    link = lists.access_link(db, actor=people.staff, account_id=ali, now=NOW)
    assert link is second.invitation
    assert lists.access_link(db, actor=people.staff, account_id=ali, now=NOW + 3 * DAY) is None
    assert lists.access_link(db, actor=people.staff, account_id=people.sara.account_id or 0, now=NOW) is None
    with refused(NotAllowed):
        lists.access_link(db, actor=people.in_charge, account_id=ali, now=NOW)
    with refused(NotAllowed):
        lists.view(db, actor=people.staff, invitation_id=second.invitation.id or 0)
    chat = stranger(db)
    renewed = accepted(db, second, chat, national_code=None, password_hash="own")
    assert (renewed.id, renewed.password_hash, renewed.credentials_pending) == (ali, "own", False)
    assert chat.account_id == ali
    assert [event.event for event in events(db, "access_link_sent", "access_renewed")] == [
        "access_link_sent",
        "access_link_sent",
        "access_renewed",
    ]
    assert pushes(db, people.staff, "N27") == []
    # Those that are over stay as they ended; without a mobile the link goes by no SMS.
    sent = len(sms_to(db, MOBILE))
    db.get_one(Account, ali).mobile = None
    third = reset(NOW + DAY)
    assert (first.invitation.cancelled_at, second.invitation.cancelled_at) == (NOW, None)
    assert (secrets_of(third)["token"] != "", len(sms_to(db, MOBILE))) == (True, sent)
    assert db.exec(select(Push).where(Push.channel == PushChannel.SMS, Push.mobile != MOBILE)).all() == []


def test_access_is_not_renewed_for_who_was_suspended_meanwhile(db: Session, people: Parties) -> None:
    ali = db.get_one(Account, people.ali.account_id)
    row = invite(db, people.staff)
    row.invitation.account_id, ali.state = ali.id, AccountState.SUSPENDED
    db.flush()
    with refused("error.account_state"):
        accepted(db, row, stranger(db))


def test_what_staff_see_of_a_place(db: Session, people: Parties, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second, elsewhere = (
        invite(db, people.staff).invitation,
        invite(db, people.staff).invitation,
        invite(db, people.staff, at="mui").invitation,
    )
    manager = invite_manager(db, people.staff, people.kian.id).invitation
    other = invite_manager(db, people.staff, people.arad.id).invitation
    gone = [invite(db, people.staff).invitation for _ in range(3)]
    gone[0].accepted_at = gone[1].cancelled_at = NOW
    gone[2].account_id = people.ali.account_id
    first.expires_at = NOW - DAY
    db.flush()

    def pending(**of: Any) -> list[int | None]:
        return [one.id for one in lists.pending(db, actor=people.staff, **of)]

    assert pending(university_code="sums") == [second.id, first.id]
    assert pending(university_code="mui") == [elsewhere.id]
    assert pending(distributor_id=people.kian.id) == [manager.id]
    assert pending(distributor_id=people.arad.id) == [other.id]
    assert lists.MOST == 20
    monkeypatch.setattr(lists, "MOST", 1)
    assert pending(university_code="sums") == [second.id]
    assert lists.view(db, actor=people.staff, invitation_id=first.id or 0) is first
    for ask in (
        lambda: lists.pending(db, actor=people.in_charge, university_code="sums"),
        lambda: lists.view(db, actor=people.in_charge, invitation_id=first.id or 0),
        lambda: lists.view(db, actor=people.staff, invitation_id=10**6),
    ):
        with refused(NotAllowed):
            ask()


def test_one_is_taken_back_once(db: Session, people: Parties) -> None:
    invited = invite(db, people.staff)
    number = invited.invitation.id or 0
    with refused(NotAllowed):
        sending.cancel(db, actor=people.in_charge, invitation_id=number, now=NOW)
    sending.cancel(db, actor=people.staff, invitation_id=number, now=NOW)
    assert invited.invitation.cancelled_at == NOW
    assert secrets_of(invited)["code"] not in sms_to(db, MOBILE)[0].text
    (event,) = events(db, "invitation_cancelled")
    assert (event.subject_id, event.actor_id) == (number, people.staff.account_id)
    taken = invite(db, people.staff).invitation
    taken.accepted_at = NOW
    access = invite(db, people.staff).invitation
    access.account_id = people.ali.account_id
    db.flush()
    refusals: list[tuple[int, type[Refusal]]] = [(number, Stale), (taken.id or 0, Stale)]
    for other, why in (*refusals, (access.id or 0, NotAllowed), (10**6, NotAllowed)):
        with refused(why):
            sending.cancel(db, actor=people.staff, invitation_id=other, now=NOW)
        with refused(why):
            sending.send_again(db, actor=people.staff, invitation_id=other, public_info=INFO, now=NOW)


def test_what_ended_a_month_ago_is_removed(db: Session, people: Parties) -> None:
    old, month = NOW - 30 * DAY - SECOND, NOW - 30 * DAY
    rows = {
        "accepted": {"accepted_at": old, "expires_at": NOW},
        "cancelled": {"cancelled_at": old, "expires_at": NOW},
        "ran out": {"expires_at": old},
        "accepted later": {"accepted_at": month, "expires_at": old},
        "cancelled later": {"cancelled_at": month, "expires_at": old},
        "ran out later": {"expires_at": month},
        "open": {},
    }
    kept: dict[str, int | None] = {}
    for name, values in rows.items():
        row = invite(db, people.staff).invitation
        for column, value in values.items():
            setattr(row, column, value)
        kept[name] = row.id
    db.flush()
    assert lists.delete_ended(db, now=NOW, limit=2) == 2
    assert lists.delete_ended(db, now=NOW, limit=9) == 1
    left = set(db.exec(select(Invitation.id)))
    assert [name for name, number in kept.items() if number in left] == list(rows)[3:]
