"""The officer ends a cooperation alone: a draft, a second confirmation, effective at once.

See R31–R36, docs/specification.md 2.6.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func
from sqlmodel import Session, col, select

from bot.core.context import Actor
from bot.core.refusals import InvalidInput, NotAllowed, Stale
from bot.core.screens import button
from bot.rules import validators
from bot.rules.cooperation import (
    TERMINATION,
    TERMINATION_REASON,
    ContractAction,
    TerminationAction,
    TerminationCase,
    termination_standings,
)
from bot.services.cooperation import contract_steps, notifications, requests
from bot.services.shared import audit, notify
from bot.services.shared.alert_deeds import NO_MANAGER_MOBILE
from bot.services.shared.permissions import require
from bot.texts import formats, one_line, t
from bot.texts.written_text import written
from storage.enums import ContractState, Role, TerminationState
from storage.tables import Branch, Contract, Distributor, Termination

SUBJECT = "termination"
#: Of the SMS to the distributor's management; its tokens: date, officer, distributor, branch.
TEMPLATE = "termination"


@dataclass(frozen=True, slots=True)
class TerminationLine:
    """A termination and what it ends."""

    termination: Termination
    contract: Contract
    distributor: Distributor
    branch: Branch


@dataclass(frozen=True, slots=True)
class TerminationPage:
    lines: tuple[TerminationLine, ...]
    total: int


def checked_reason(text: str) -> str:
    """10–500 characters. Raises InvalidInput("error.short_reason" or "error.long_text")."""
    reason = written(text, lines=True)
    shortest, longest = TERMINATION_REASON
    if len(reason) < shortest:
        raise InvalidInput("error.short_reason")
    if len(reason) > longest:
        raise validators.too_long(longest)
    return reason


def draft(db: Session, *, actor: Actor, contract_id: int, reason: str, now: datetime) -> Termination:
    """Note contract and reason; nothing changes yet (R35 is shown). An open draft of this contract is
    rewritten.

    Raises NotAllowed("error.no_contract") where the contract has ended, InvalidInput for the reason.
    """
    account_id = requests.require_officer(db, actor)
    contract = contract_steps.load_contract(db, contract_id, lock=True)
    if contract.account_id != account_id:
        raise NotAllowed
    reason = checked_reason(reason)
    before = contract_steps.open_draft(db, contract_id)
    if before is not None:
        return contract_steps.step(
            db,
            before,
            contract,
            actor=actor,
            action=TerminationAction.REWRITE,
            now=now,
            values={"reason": reason},
        )
    case = TerminationCase(None, contract.account_id, in_force=contract.state is ContractState.ACTIVE)
    key = TERMINATION.refusal(case, actor, TerminationAction.DRAFT)
    if key is not None:
        raise NotAllowed(key)
    termination = Termination(contract_id=contract_id, account_id=account_id, reason=reason, created_at=now)
    db.add(termination)
    db.flush()
    assert termination.id is not None
    audit.record(
        db,
        now=now,
        actor=actor,
        event=TERMINATION.table[None, TerminationAction.DRAFT].event,
        subject=SUBJECT,
        subject_id=termination.id,
        to_state=termination.state,
        contract=contract_id,
    )
    return termination


def _lock_termination(db: Session, termination_id: int) -> tuple[Termination, Contract]:
    """Both, held until the commit, the contract first. Raises Stale for a forged id."""
    stored = db.get(Termination, termination_id)
    if stored is None:
        raise Stale
    contract = contract_steps.load_contract(db, stored.contract_id, lock=True)
    termination = db.get_one(Termination, termination_id, populate_existing=True, with_for_update=True)
    return termination, contract


def finalise(
    db: Session, *, actor: Actor, termination_id: int, version: int | None = None, now: datetime
) -> Termination:
    """The second confirmation: the contract ends at once, without any approval (R32, R34), and the management
    gets its SMS (R33, N19).

    Raises NotAllowed("error.no_contract") where the distributor was faster, Stale for an old button.
    """
    requests.require_officer(db, actor)
    termination, contract = _lock_termination(db, termination_id)
    if (
        termination.account_id == actor.account_id
        and termination.state is TerminationState.CANCELLED
        and contract.state is not ContractState.ACTIVE
    ):
        raise NotAllowed("error.no_contract")
    contract_steps.step(
        db,
        termination,
        contract,
        actor=actor,
        action=TerminationAction.FINALISE,
        now=now,
        version=version,
    )
    contract_steps.end(
        db, contract, actor=actor, action=ContractAction.TERMINATE, now=now, termination=termination_id
    )
    _notify_parties(db, termination, contract, now, done_in=actor.chat_row_id)
    return termination


def cancel(
    db: Session, *, actor: Actor, termination_id: int, version: int | None = None, now: datetime
) -> Termination:
    """Give the draft up; it stays in the archive (R36)."""
    requests.require_officer(db, actor)
    termination, contract = _lock_termination(db, termination_id)
    return contract_steps.step(
        db,
        termination,
        contract,
        actor=actor,
        action=TerminationAction.CANCEL,
        now=now,
        version=version,
    )


def archive(db: Session, *, actor: Actor, offset: int, limit: int) -> TerminationPage:
    """All terminations of the acting officer, newest first (R36)."""
    require(db, actor, Role.OFFICER, reading=True)
    mine = col(Termination.account_id) == actor.account_id
    total = db.exec(select(func.count()).select_from(Termination).where(mine)).one()
    query = select(Termination).where(mine).order_by(col(Termination.id).desc())
    terminations = db.exec(query.offset(offset).limit(limit)).all()
    return TerminationPage(tuple(_termination_line(db, termination) for termination in terminations), total)


def view_termination(db: Session, *, actor: Actor, termination_id: int) -> TerminationLine:
    """One termination, for its officer and for staff (the reason is nobody else's). Raises NotAllowed,
    Stale."""
    require(db, actor, reading=True)
    termination = db.get(Termination, termination_id)
    if termination is None:
        raise Stale
    if not termination_standings(TerminationCase(termination.state, termination.account_id), actor):
        raise NotAllowed
    return _termination_line(db, termination)


def _termination_line(db: Session, termination: Termination) -> TerminationLine:
    contract = db.get_one(Contract, termination.contract_id)
    sides = notifications.parties(db, contract)
    return TerminationLine(termination, contract, sides.distributor, sides.branch)


def send_owed_sms(db: Session, distributor: Distributor, *, now: datetime) -> None:
    """Send the SMS of R33 that could not be sent while this distributor's mobile was not known, and close its alerts;
    for a caller that has just recorded a mobile."""
    keys = notify.open_keys(db, f"{NO_MANAGER_MOBILE}:")
    numbers = [int(number) for key in keys if (number := key.partition(":")[2]).isdigit()]
    query = (
        select(Termination, Contract)
        .join(Contract, col(Contract.id) == col(Termination.contract_id))
        .where(col(Termination.id).in_(numbers), Contract.distributor_id == distributor.id)
    )
    for termination, contract in db.exec(query).all():
        ended = termination.closed_at or termination.created_at
        if _send_sms(db, termination, notifications.parties(db, contract), ended=ended, now=now):
            notify.close_alert(db, key=f"{NO_MANAGER_MOBILE}:{termination.id}", now=now)


def _send_sms(
    db: Session, termination: Termination, sides: notifications.Parties, *, ended: datetime, now: datetime
) -> bool:
    """R33, in the transaction of its cause; False where no mobile of the management is known."""
    if sides.distributor.manager_mobile is None:
        return False
    day = formats.jalali_day(ended)
    notify.sms(
        db,
        kind="N19",
        event_key=f"{SUBJECT}:{termination.id}:finalised",
        mobile=sides.distributor.manager_mobile,
        text=t("push.N19_sms", date=day, **sides.names),
        template=TEMPLATE,
        tokens=(day, *map(one_line, (sides.officer.name, sides.distributor.name, sides.branch.name))),
        now=now,
    )
    return True


def _notify_parties(
    db: Session, termination: Termination, contract: Contract, now: datetime, *, done_in: int | None
) -> None:
    """N19: the mandatory SMS (R33), the managers' chats, the officer's receipt in chats other than `done_in`."""
    sides, event = notifications.parties(db, contract), f"{SUBJECT}:{termination.id}:finalised"
    if not _send_sms(db, termination, sides, ended=now, now=now):
        text = t("alert.no_manager_mobile", **sides.names)
        notify.alert_staff(db, key=f"{NO_MANAGER_MOBILE}:{termination.id}", text=text, now=now)
    notifications.notify_managers(
        db,
        distributor_id=contract.distributor_id,
        kind="N19",
        event_key=event,
        text=t("push.N19", **sides.names),
        open_button=button(t("dist.pick"), "dist.pick", contract.branch_id),
        now=now,
    )
    notify.push(
        db,
        kind="N19",
        event_key=f"{event}:receipt",
        account_id=termination.account_id,
        text=t("push.N19_officer", **sides.names),
        rows=[[button(t("nav.see"), "term.confirm", termination.id or 0)]],
        now=now,
        except_chat=done_in,
    )
