"""Accepting: who has the link and the one-time code gets the role, or sets a new password of the own account.

See docs/specification.md 2.1.
"""

from datetime import datetime

from sqlmodel import Session, select

from bot.core.context import Actor
from bot.core.refusals import NotAllowed
from bot.core.screens import Button, button
from bot.rules.validators import Mobile, NationalCode
from bot.services import accounts
from bot.services.accounts import experts, queries
from bot.services.invitations.lists import is_open
from bot.services.invitations.sending import forget_sms, is_code, place_of, record_event, token_hash
from bot.services.review import routing
from bot.services.shared import notify
from bot.texts import t
from storage.enums import AccountState, Role
from storage.tables import Account, Chat, Invitation


def behind(db: Session, *, token: str, now: datetime, lock: bool = False) -> Invitation:
    """The open invitation of a link. Raises NotAllowed("error.invitation_over") for every other."""
    query = select(Invitation).where(Invitation.token_hash == token_hash(token))
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    invitation = db.exec(query).first()
    if invitation is None or not is_open(invitation, now):
        raise NotAllowed("error.invitation_over")
    return invitation


def try_code(db: Session, *, token: str, code: str, now: datetime) -> bool:
    """Whether this is the one-time code; a wrong one is counted. Raises as `behind`."""
    invitation = behind(db, token=token, now=now, lock=True)
    if is_code(invitation, token, code):
        return True
    invitation.wrong_codes += 1
    db.add(invitation)
    db.flush()
    return False


def need_addressee(invitation: Invitation, account: Account | None) -> None:
    """An invitation for one national code is for its owner alone, and for an active account; new access is for a chat
    that is not logged in. Raises NotAllowed."""
    if account is None:
        return
    if invitation.account_id is not None:
        raise NotAllowed("error.access_logged_in")
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
    """Give the role to the chat's account, or to a new one with this password, and log the chat in; of new access, set
    this password.

    Raises as `behind` and `need_addressee`, Refusal("error.role_held"), `registration.duplicate()`."""
    invitation = behind(db, token=token, now=now, lock=True)
    if not is_code(invitation, token, code):
        raise NotAllowed("error.invitation_over")
    event = "invitation_accepted"
    if account_id is not None:
        account = queries.lock_account(db, account_id)
        need_addressee(invitation, account)
        accounts.grant(
            db,
            account=account,
            role=invitation.role,
            university_code=invitation.university_code,
            distributor_id=invitation.distributor_id,
            now=now,
        )
        actor = Actor(account_id, invitation.role, invitation.university_code, chat.messenger)
        accounts.act_as(chat, account_id=account_id, role=invitation.role)
        db.add(chat)
    elif invitation.account_id is not None:
        account, event = _renew(db, invitation, password_hash), "access_renewed"
        actor = accounts.link(db, chat=chat, account=account, now=now)
    else:
        account = _newcomer(db, invitation, national_code, password_hash, now)
        actor = accounts.link(db, chat=chat, account=account, now=now)
    invitation.accepted_at, invitation.accepted_by = now, account.id
    db.add(invitation)
    db.flush()
    forget_sms(db, invitation)
    record_event(db, invitation, actor=actor, event=event, account_id=account.id, now=now)
    if invitation.account_id is None:
        _tell(db, invitation, account, chat, now)
        if invitation.university_code is not None:
            routing.alert_if_no_expert(db, university_code=invitation.university_code, now=now)
    return account, invitation


def _renew(db: Session, invitation: Invitation, password_hash: str | None) -> Account:
    """The owner's new password. Raises NotAllowed where the account was suspended or annulled meanwhile."""
    assert password_hash is not None
    account = queries.lock_account(db, invitation.account_id or 0)
    if account.state is not AccountState.ACTIVE:
        raise NotAllowed("error.account_state")
    queries.save_account(db, account, password_hash=password_hash, credentials_pending=False)
    return account


def _newcomer(
    db: Session,
    invitation: Invitation,
    national_code: NationalCode | None,
    password_hash: str | None,
    now: datetime,
) -> Account:
    assert password_hash is not None
    return experts.create_user(
        db,
        role=invitation.role,
        university_code=invitation.university_code,
        distributor_id=invitation.distributor_id,
        first_name=invitation.first_name,
        last_name=invitation.last_name,
        national_code=NationalCode(invitation.national_code) if invitation.national_code else national_code,
        mobile=Mobile(invitation.mobile),
        now=now,
        password_hash=password_hash,
    )


def _tell(db: Session, invitation: Invitation, account: Account, chat: Chat, now: datetime) -> None:
    """N26 to the account's other chats, and who invited learns who came: it may be somebody else."""
    place = place_of(db, invitation)
    experts.tell_of_role(
        db,
        account=account,
        role=invitation.role,
        place=place,
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
            place=place,
        ),
        rows=[[_to_place(invitation)]],
        now=now,
        except_chat=chat.id,
    )


def _to_place(invitation: Invitation) -> Button:
    if invitation.role is Role.DISTRIBUTOR:
        return button(t("nav.see"), "staff.dist", invitation.distributor_id or 0)
    return button(t("nav.see"), "staff.university", arg=invitation.university_code or "")
