"""Invitations: a role that staff offer to somebody by name and mobile. Who opens the link and writes the one-time code
gets it, and sets the own password; staff never see one.

See docs/specification.md 2.1.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from hmac import compare_digest

from sqlalchemy import update
from sqlmodel import Session, col, select

from bot.core.context import Actor, PublicInfo
from bot.core.refusals import NotAllowed, Refusal, Stale
from bot.core.screens import button
from bot.rules.account import UNIVERSITY_ROLES
from bot.rules.validators import Mobile, NationalCode
from bot.services.accounts import experts, queries, roles, sessions
from bot.services.review import routing
from bot.services.shared import audit, notify, reference_data
from bot.services.shared.permissions import require
from bot.texts import t
from bot.texts.formats import jalali_time
from storage.enums import AccountState, Role
from storage.tables import Account, Chat, Invitation, Push, University

#: What the deep link of an invitation begins with: «/start invite_…».
PAYLOAD = "invite"
SUBJECT = "invitation"
LIFETIME = timedelta(days=3)
#: Bytes of the link's token: too many to guess.
TOKEN_BYTES = 16
CODE_DIGITS = 6
#: After so many wrong codes the invitation is over.
WRONG_CODES = 5


@dataclass(frozen=True, slots=True)
class Invited:
    """An invitation as it was just sent; token and code are known here alone."""

    invitation: Invitation
    university: str
    #: To be forwarded to the person: who, what, links and code.
    message: str


def _token_hash(token: str) -> str:
    return sha256(token.encode()).hexdigest()


def _code_hash(token: str, code: str) -> str:
    return sha256(f"{token}:{code}".encode()).hexdigest()


def invite_expert(
    db: Session,
    *,
    actor: Actor,
    role: Role,
    university_code: str,
    first_name: str,
    last_name: str,
    mobile: Mobile,
    national_code: NationalCode | None,
    public_info: PublicInfo,
    now: datetime,
) -> Invited:
    """Staff invite an expert of a university: an SMS to the mobile, and the same to be forwarded.

    Raises NotAllowed, Refusal("error.university_needed")."""
    require(db, actor, Role.STAFF)
    if role not in UNIVERSITY_ROLES:
        raise NotAllowed("error.not_allowed")
    if db.get(University, university_code) is None:
        raise Refusal("error.university_needed")
    assert actor.account_id is not None
    token = secrets.token_urlsafe(TOKEN_BYTES)
    invitation = Invitation(
        role=role,
        university_code=university_code,
        first_name=first_name,
        last_name=last_name,
        mobile=mobile,
        national_code=national_code,
        token_hash=_token_hash(token),
        code_hash="",
        invited_by=actor.account_id,
        expires_at=now,
        created_at=now,
    )
    db.add(invitation)
    db.flush()
    return _send(db, invitation, token, actor=actor, event="expert_invited", public_info=public_info, now=now)


def send_again(
    db: Session, *, actor: Actor, invitation_id: int, public_info: PublicInfo, now: datetime
) -> Invited:
    """A new link and code, in the place of the old ones. Raises NotAllowed, Stale where it was accepted or cancelled."""
    invitation = _lock(db, actor, invitation_id)
    token = secrets.token_urlsafe(TOKEN_BYTES)
    _forget_sms(db, invitation)
    invitation.token_hash, invitation.sent = _token_hash(token), invitation.sent + 1
    return _send(db, invitation, token, actor=actor, event="expert_invited", public_info=public_info, now=now)


def _send(
    db: Session,
    invitation: Invitation,
    token: str,
    *,
    actor: Actor,
    event: str,
    public_info: PublicInfo,
    now: datetime,
) -> Invited:
    code = "".join(secrets.choice("0123456789") for _ in range(CODE_DIGITS))
    invitation.code_hash, invitation.wrong_codes = _code_hash(token, code), 0
    invitation.expires_at = now + LIFETIME
    db.add(invitation)
    db.flush()
    university = reference_data.university_name(db, invitation.university_code)
    links = [
        t("invite.link", messenger=t(f"messenger.{messenger}"), link=f"{address}?start={PAYLOAD}_{token}")
        for messenger, address in sorted(public_info.bot_links.items())
    ]
    who = {"name": invitation.name, "role": t(f"role.{invitation.role}"), "university": university}
    message = "\n".join(
        [
            t("invite.message", **who),
            *links,
            t("invite.code", code=code),
            t("invite.until", time=jalali_time(invitation.expires_at)),
        ]
    )
    assert invitation.id is not None
    notify.sms(
        db,
        kind="N27",
        event_key=_sms_key(invitation),
        mobile=invitation.mobile,
        text=message,
        template="invitation",
        tokens=(code,),
        now=now,
    )
    audit.record(
        db,
        now=now,
        actor=actor,
        event=event,
        subject=SUBJECT,
        subject_id=invitation.id,
        role=invitation.role,
        university=invitation.university_code,
    )
    return Invited(invitation, university, message)


def _sms_key(invitation: Invitation) -> str:
    return f"invitation:{invitation.id}:{invitation.sent}"


def _forget_sms(db: Session, invitation: Invitation) -> None:
    """The stored SMS holds link and code: neither is needed any longer."""
    db.exec(
        update(Push)
        .where(col(Push.key) == f"{_sms_key(invitation)}:sms")
        .values(text=t("invite.over"), sms={})
        .execution_options(synchronize_session=False)
    )


def is_open(invitation: Invitation, now: datetime) -> bool:
    """It may be accepted now."""
    return (
        invitation.accepted_at is None
        and invitation.cancelled_at is None
        and invitation.wrong_codes < WRONG_CODES
        and now < invitation.expires_at
    )


def _lock(db: Session, actor: Actor, invitation_id: int) -> Invitation:
    """For staff. Raises NotAllowed, Stale where it was accepted or cancelled."""
    require(db, actor, Role.STAFF)
    query = select(Invitation).where(Invitation.id == invitation_id).with_for_update()
    invitation = db.exec(query.execution_options(populate_existing=True)).first()
    if invitation is None:
        raise NotAllowed
    if invitation.accepted_at is not None or invitation.cancelled_at is not None:
        raise Stale
    return invitation


def view(db: Session, *, actor: Actor, invitation_id: int) -> Invitation:
    """For staff. Raises NotAllowed."""
    require(db, actor, Role.STAFF)
    invitation = db.get(Invitation, invitation_id)
    if invitation is None:
        raise NotAllowed
    return invitation


def pending(db: Session, *, actor: Actor, university_code: str) -> list[Invitation]:
    """Those of a university that nobody accepted yet, expired ones too, newest first; at most twenty."""
    require(db, actor, Role.STAFF)
    query = select(Invitation).where(
        Invitation.university_code == university_code,
        col(Invitation.accepted_at).is_(None),
        col(Invitation.cancelled_at).is_(None),
    )
    return list(db.exec(query.order_by(col(Invitation.id).desc()).limit(20)))


def cancel(db: Session, *, actor: Actor, invitation_id: int, now: datetime) -> Invitation:
    """Staff take it back. Raises NotAllowed, Stale where it was accepted or cancelled."""
    invitation = _lock(db, actor, invitation_id)
    invitation.cancelled_at = now
    db.add(invitation)
    db.flush()
    _forget_sms(db, invitation)
    assert invitation.id is not None
    audit.record(
        db, now=now, actor=actor, event="invitation_cancelled", subject=SUBJECT, subject_id=invitation.id
    )
    return invitation


def behind(db: Session, *, token: str, now: datetime, lock: bool = False) -> Invitation:
    """The open invitation of a link. Raises NotAllowed("error.invitation_over") for every other."""
    query = select(Invitation).where(Invitation.token_hash == _token_hash(token))
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    invitation = db.exec(query).first()
    if invitation is None or not is_open(invitation, now):
        raise NotAllowed("error.invitation_over")
    return invitation


def try_code(db: Session, *, token: str, code: str, now: datetime) -> bool:
    """Whether this is the one-time code; a wrong one is counted. Raises as `behind`."""
    invitation = behind(db, token=token, now=now, lock=True)
    if compare_digest(invitation.code_hash, _code_hash(token, code)):
        return True
    invitation.wrong_codes += 1
    db.add(invitation)
    db.flush()
    return False


def need_addressee(invitation: Invitation, account: Account | None) -> None:
    """An invitation for one national code is for its owner alone, and for an active account. Raises NotAllowed."""
    if account is None:
        return
    if account.state is not AccountState.ACTIVE:
        raise NotAllowed("error.account_state")
    if invitation.national_code and account.national_code not in (None, invitation.national_code):
        raise NotAllowed("error.invitation_of_another")


def accept(
    db: Session,
    *,
    chat: Chat,
    account_id: int | None,
    token: str,
    code: str,
    national_code: NationalCode | None,
    password_hash: str | None,
    now: datetime,
) -> tuple[Account, Invitation]:
    """Give the role to the chat's account, or to a new one with this password, and log the chat in.

    Raises as `behind` and `need_addressee`, Refusal("error.role_held"), `registration.duplicate()`."""
    invitation = behind(db, token=token, now=now, lock=True)
    if not compare_digest(invitation.code_hash, _code_hash(token, code)):
        raise NotAllowed("error.invitation_over")
    if account_id is not None:
        account = queries.lock_account(db, account_id)
        need_addressee(invitation, account)
        roles.grant(
            db, account=account, role=invitation.role, university_code=invitation.university_code, now=now
        )
        actor = Actor(account_id, invitation.role, invitation.university_code, chat.messenger)
        sessions.act_as(chat, account_id=account_id, role=invitation.role)
        db.add(chat)
    else:
        assert password_hash is not None
        account = experts.create_user(
            db,
            role=invitation.role,
            university_code=invitation.university_code,
            first_name=invitation.first_name,
            last_name=invitation.last_name,
            national_code=NationalCode(invitation.national_code)
            if invitation.national_code
            else national_code,
            mobile=Mobile(invitation.mobile),
            now=now,
            password_hash=password_hash,
        )
        actor = sessions.link(db, chat=chat, account=account, now=now)
    invitation.accepted_at, invitation.accepted_by = now, account.id
    db.add(invitation)
    db.flush()
    _forget_sms(db, invitation)
    assert invitation.id is not None
    audit.record(
        db,
        now=now,
        actor=actor,
        event="invitation_accepted",
        subject=SUBJECT,
        subject_id=invitation.id,
        account=account.id,
        role=invitation.role,
        university=invitation.university_code,
    )
    _tell(db, invitation, account, chat, now)
    routing.alert_if_no_expert(db, university_code=invitation.university_code, now=now)
    return account, invitation


def _tell(db: Session, invitation: Invitation, account: Account, chat: Chat, now: datetime) -> None:
    """N26 to the account's other chats, and who invited learns who came: it may be somebody else."""
    university = reference_data.university_name(db, invitation.university_code)
    experts.tell_of_role(
        db,
        account=account,
        role=invitation.role,
        place=university,
        event_key=f"invitation:{invitation.id}:accepted",
        now=now,
        except_chat=chat.id,
    )
    notify.push(
        db,
        kind="N27",
        event_key=f"invitation:{invitation.id}:told",
        account_id=invitation.invited_by,
        text=t(
            "push.N27",
            name=account.name,
            invited=invitation.name,
            role=t(f"role.{invitation.role}"),
            university=university,
        ),
        rows=[[button(t("nav.see"), "staff.university", arg=invitation.university_code)]],
        now=now,
        except_chat=chat.id,
    )
