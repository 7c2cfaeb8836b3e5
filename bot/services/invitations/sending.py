"""Inviting: a role that staff offer to somebody by name and mobile, and new access to an account that they locked. Who
opens the link and writes the one-time code sets the own password; staff never see one.

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
from bot.rules.account import UNIVERSITY_ROLES
from bot.rules.validators import Mobile, NationalCode
from bot.services import accounts
from bot.services.shared import audit, notify, reference_data
from bot.services.shared.permissions import require
from bot.texts import t
from bot.texts.formats import jalali_time
from storage.enums import Role
from storage.tables import Distributor, Invitation, Push, University

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
    """An invitation as it was just sent; token and code are known here alone. `message` is to be forwarded to the person:
    who, what, links and code."""

    invitation: Invitation
    message: str


def token_hash(token: str) -> str:
    """What is kept of a link's token."""
    return sha256(token.encode()).hexdigest()


def _code_hash(token: str, code: str) -> str:
    return sha256(f"{token}:{code}".encode()).hexdigest()


def is_code(invitation: Invitation, token: str, code: str) -> bool:
    """Whether this is the one-time code of the invitation."""
    return compare_digest(invitation.code_hash, _code_hash(token, code))


def place_of(db: Session, invitation: Invitation) -> str:
    """The university or distributor that the role is for; "" of new access."""
    if invitation.distributor_id is not None:
        return db.get_one(Distributor, invitation.distributor_id).name
    if invitation.university_code is None:
        return ""
    return reference_data.university_name(db, invitation.university_code)


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
    return _invite(
        db,
        actor=actor,
        event="expert_invited",
        public_info=public_info,
        now=now,
        role=role,
        university_code=university_code,
        first_name=first_name,
        last_name=last_name,
        mobile=mobile,
        national_code=national_code,
    )


def invite_manager(
    db: Session,
    *,
    actor: Actor,
    distributor_id: int,
    first_name: str,
    last_name: str,
    mobile: Mobile,
    national_code: NationalCode,
    public_info: PublicInfo,
    now: datetime,
) -> Invited:
    """Staff invite a manager of a distributor, who has no account yet. Raises NotAllowed,
    Refusal("error.distributor_needed")."""
    require(db, actor, Role.STAFF)
    if db.get(Distributor, distributor_id) is None:
        raise Refusal("error.distributor_needed")
    return _invite(
        db,
        actor=actor,
        event="manager_invited",
        public_info=public_info,
        now=now,
        role=Role.DISTRIBUTOR,
        distributor_id=distributor_id,
        first_name=first_name,
        last_name=last_name,
        mobile=mobile,
        national_code=national_code,
    )


def reset_access(
    db: Session,
    *,
    actor: Actor,
    account_id: int,
    reason: str,
    password_hash: str,
    public_info: PublicInfo,
    now: datetime,
    version: int | None = None,
) -> Invited:
    """Log an account out everywhere, make its password void, and send its owner a link and a one-time code with which
    they set a new one. `password_hash` is of a password that nobody knows. A link that was sent before leads nowhere.

    Raises as `accounts.reset_access`."""
    account = accounts.reset_access(
        db,
        actor=actor,
        account_id=account_id,
        reason=reason,
        password_hash=password_hash,
        now=now,
        version=version,
    )
    earlier = select(Invitation).where(
        Invitation.account_id == account_id,
        col(Invitation.accepted_at).is_(None),
        col(Invitation.cancelled_at).is_(None),
    )
    for invitation in db.exec(earlier).all():
        end(db, invitation, now)
    grants = accounts.active_grants(db, account_id)
    return _invite(
        db,
        actor=actor,
        event="access_link_sent",
        public_info=public_info,
        now=now,
        role=grants[0].role if grants else Role.OFFICER,
        account_id=account_id,
        first_name=account.first_name,
        last_name=account.last_name,
        mobile=account.mobile or "",
        national_code=account.national_code,
    )


def _invite(
    db: Session,
    *,
    actor: Actor,
    event: str,
    public_info: PublicInfo,
    now: datetime,
    role: Role,
    first_name: str,
    last_name: str,
    mobile: str,
    national_code: str | None,
    university_code: str | None = None,
    distributor_id: int | None = None,
    account_id: int | None = None,
) -> Invited:
    assert actor.account_id is not None
    token = secrets.token_urlsafe(TOKEN_BYTES)
    invitation = Invitation(
        role=role,
        university_code=university_code,
        distributor_id=distributor_id,
        account_id=account_id,
        first_name=first_name,
        last_name=last_name,
        mobile=mobile,
        national_code=national_code,
        token_hash=token_hash(token),
        code_hash="",
        invited_by=actor.account_id,
        expires_at=now,
        created_at=now,
    )
    db.add(invitation)
    db.flush()
    return _send(db, invitation, token, actor=actor, event=event, public_info=public_info, now=now)


def send_again(
    db: Session, *, actor: Actor, invitation_id: int, public_info: PublicInfo, now: datetime
) -> Invited:
    """A new link and code, in the place of the old ones. Raises NotAllowed, Stale where it was accepted or cancelled."""
    invitation = _lock(db, actor, invitation_id)
    token = secrets.token_urlsafe(TOKEN_BYTES)
    forget_sms(db, invitation)
    invitation.token_hash, invitation.sent = token_hash(token), invitation.sent + 1
    event = "expert_invited" if invitation.distributor_id is None else "manager_invited"
    return _send(db, invitation, token, actor=actor, event=event, public_info=public_info, now=now)


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
    links = [
        t("invite.link", messenger=t(f"messenger.{messenger}"), link=f"{address}?start={PAYLOAD}_{token}")
        for messenger, address in sorted(public_info.bot_links.items())
    ]
    opening = (
        t(
            "invite.message",
            name=invitation.name,
            role=t(f"role.{invitation.role}"),
            place=place_of(db, invitation),
        )
        if invitation.account_id is None
        else t("invite.access_message", name=invitation.name)
    )
    message = "\n".join(
        [
            opening,
            *links,
            t("invite.code", code=code),
            t("invite.until", time=jalali_time(invitation.expires_at)),
        ]
    )
    assert invitation.id is not None
    if invitation.mobile:
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
    record_event(db, invitation, actor=actor, event=event, account_id=invitation.account_id, now=now)
    return Invited(invitation, message)


def record_event(
    db: Session, invitation: Invitation, *, actor: Actor, event: str, account_id: int | None, now: datetime
) -> None:
    """Into the audit: for which role, where, and whose account it is."""
    assert invitation.id is not None
    audit.record(
        db,
        now=now,
        actor=actor,
        event=event,
        subject=SUBJECT,
        subject_id=invitation.id,
        role=invitation.role,
        university=invitation.university_code,
        distributor=invitation.distributor_id,
        account=account_id,
    )


def _sms_key(invitation: Invitation) -> str:
    return f"invitation:{invitation.id}:{invitation.sent}"


def forget_sms(db: Session, invitation: Invitation) -> None:
    """The stored SMS holds link and code: neither is needed any longer. Where it waits, also to be tried again, it is
    not sent."""
    db.exec(
        update(Push)
        .where(col(Push.key) == f"{_sms_key(invitation)}:sms")
        .values(text=t("invite.over"), sms={"void": True})
        .execution_options(synchronize_session=False)
    )


def _lock(db: Session, actor: Actor, invitation_id: int) -> Invitation:
    """For staff, an invitation to a role. Raises NotAllowed, Stale where it was accepted or cancelled."""
    require(db, actor, Role.STAFF)
    query = select(Invitation).where(Invitation.id == invitation_id, col(Invitation.account_id).is_(None))
    invitation = db.exec(query.with_for_update().execution_options(populate_existing=True)).first()
    if invitation is None:
        raise NotAllowed
    if invitation.accepted_at is not None or invitation.cancelled_at is not None:
        raise Stale
    return invitation


def end(db: Session, invitation: Invitation, now: datetime) -> None:
    """Its link and code lead nowhere from now on."""
    invitation.cancelled_at = now
    db.add(invitation)
    db.flush()
    forget_sms(db, invitation)


def cancel(db: Session, *, actor: Actor, invitation_id: int, now: datetime) -> Invitation:
    """Staff take it back. Raises NotAllowed, Stale where it was accepted or cancelled."""
    invitation = _lock(db, actor, invitation_id)
    end(db, invitation, now)
    audit.record(
        db,
        now=now,
        actor=actor,
        event="invitation_cancelled",
        subject=SUBJECT,
        subject_id=invitation.id or 0,
    )
    return invitation
