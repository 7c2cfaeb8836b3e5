"""Notifications of a cooperation: N13–N19 and N24, to chats or, where there is none, by SMS.

See docs/specification.md 2.8.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from sqlmodel import Session

from bot.core.screens import Button, button
from bot.services.cooperation.requests import SUBJECT, managing_grants
from bot.services.review import rejection
from bot.services.shared import notify
from bot.services.shared.reference_data import university_name
from bot.texts import quoted, t
from storage.tables import Account, Branch, Contract, CooperationRequest, Distributor


class PartiesReference(Protocol):
    """A request or a contract: what ties an officer to a branch."""

    account_id: int
    distributor_id: int
    branch_id: int


@dataclass(frozen=True, slots=True)
class Parties:
    """Both sides, and where."""

    officer: Account
    distributor: Distributor
    branch: Branch

    @property
    def names(self) -> dict[str, str]:
        """What the sentences call them."""
        return {
            "officer": self.officer.name,
            "distributor": self.distributor.name,
            "branch": self.branch.name,
            "kind": t(f"coop.kind_{self.distributor.kind}"),
        }


def parties(db: Session, bond: PartiesReference) -> Parties:
    return Parties(
        db.get_one(Account, bond.account_id),
        db.get_one(Distributor, bond.distributor_id),
        db.get_one(Branch, bond.branch_id),
    )


def notify_managers(
    db: Session,
    *,
    distributor_id: int,
    kind: str,
    event_key: str,
    text: str,
    open_button: Button,
    sms: str | None = None,
    now: datetime,
) -> None:
    """Push to every active manager of the distributor."""
    for grant, account in managing_grants(db, distributor_id):
        notify.push(
            db,
            kind=kind,
            event_key=event_key,
            account_id=account.id or 0,
            grant_id=grant.id,
            text=text,
            rows=[[open_button]],
            sms=sms,
            now=now,
        )


def _notify_officer(
    db: Session,
    bond: PartiesReference,
    *,
    kind: str,
    event_key: str,
    text: str,
    open_button: Button,
    sms: str | None = None,
    now: datetime,
) -> None:
    notify.push(
        db,
        kind=kind,
        event_key=event_key,
        account_id=bond.account_id,
        text=text,
        rows=[[open_button]],
        sms=sms,
        now=now,
    )


def _key(request: CooperationRequest, event: str) -> str:
    return f"{SUBJECT}:{request.id}:{event}"


def _with_reason(key: str, reason: str | None, **values: str) -> str:
    """`key` without the officer's reason where there is none."""
    if not (reason or "").strip(" ."):
        return t(key, **values)
    return t(f"{key}_reason", reason=quoted(reason, t("role.officer")), **values)


def _open_request_button(request: CooperationRequest) -> Button:
    return button(t("nav.see"), "dist.request", request.id or 0)


def _open_officer_request_button(request: CooperationRequest) -> Button:
    return button(t("nav.see"), "coop.view", request.id or 0)


def notify_picked(db: Session, request: CooperationRequest, *, now: datetime) -> None:
    """N13."""
    names = parties(db, request).names
    _notify_officer(
        db,
        request,
        kind="N13",
        event_key=_key(request, "picked"),
        text=t("push.N13", **names),
        open_button=_open_officer_request_button(request),
        sms=t("push.N13_sms", **names),
        now=now,
    )


def notify_accepted(db: Session, request: CooperationRequest, *, now: datetime) -> None:
    """N14."""
    names = parties(db, request).names
    notify_managers(
        db,
        distributor_id=request.distributor_id,
        kind="N14",
        event_key=_key(request, "accepted"),
        text=t("push.N14", university=university_name(db, request.university_code), **names),
        open_button=_open_request_button(request),
        now=now,
    )


def notify_refused_by_officer(
    db: Session, request: CooperationRequest, *, given_up: bool, now: datetime
) -> None:
    """N15: rejected, or given up after acceptance."""
    key = "push.N15_given_up" if given_up else "push.N15"
    notify_managers(
        db,
        distributor_id=request.distributor_id,
        kind="N15",
        event_key=_key(request, "refused"),
        text=_with_reason(key, request.officer_reason, **parties(db, request).names),
        open_button=_open_request_button(request),
        now=now,
    )


def notify_approved(db: Session, request: CooperationRequest, *, now: datetime) -> None:
    """N16 to both sides."""
    names = parties(db, request).names
    notify_managers(
        db,
        distributor_id=request.distributor_id,
        kind="N16",
        event_key=_key(request, "approved"),
        text=t("push.N16_distributor", **names),
        open_button=button(t("nav.see"), "dist.branch", request.branch_id),
        sms=t("push.N16_distributor_sms", **names),
        now=now,
    )
    _notify_officer(
        db,
        request,
        kind="N16",
        event_key=_key(request, "approved:officer"),
        text=t("push.N16_officer", **names),
        open_button=button(t("nav.see"), "centers"),
        sms=t("push.N16_officer_sms", **names),
        now=now,
    )


def notify_rejected_by_university(db: Session, request: CooperationRequest, *, now: datetime) -> None:
    """N17 to both sides."""
    names = parties(db, request).names
    reason = rejection.of_cooperation(request)
    notify_managers(
        db,
        distributor_id=request.distributor_id,
        kind="N17",
        event_key=_key(request, "rejected"),
        text=t("push.N17_distributor", reason=reason, **names),
        open_button=_open_request_button(request),
        sms=t("push.N17_distributor_sms", **names),
        now=now,
    )
    _notify_officer(
        db,
        request,
        kind="N17",
        event_key=_key(request, "rejected:officer"),
        text=t("push.N17_officer", reason=reason, **names),
        open_button=_open_officer_request_button(request),
        sms=t("push.N17_officer_sms", **names),
        now=now,
    )


def notify_withdrawn(db: Session, request: CooperationRequest, *, now: datetime) -> None:
    """N24 to the officer."""
    _notify_officer(
        db,
        request,
        kind="N24",
        event_key=_key(request, "withdrawn"),
        text=t("push.N24_withdrawn", **parties(db, request).names),
        open_button=_open_officer_request_button(request),
        now=now,
    )


def notify_closed(db: Session, request: CooperationRequest, *, now: datetime) -> None:
    """N24 to the distributor."""
    notify_managers(
        db,
        distributor_id=request.distributor_id,
        kind="N24",
        event_key=_key(request, "closed"),
        text=t("push.N24_closed", **parties(db, request).names),
        open_button=_open_request_button(request),
        now=now,
    )


def notify_revoked(db: Session, contract: Contract, *, now: datetime) -> None:
    """N29 to the distributor: the qualification of its officer was revoked. Why is between the officer and staff."""
    names = parties(db, contract).names
    notify_managers(
        db,
        distributor_id=contract.distributor_id,
        kind="N29",
        event_key=f"contract:{contract.id}:revoked",
        text=t("push.N29_distributor", **names),
        sms=t("push.N29_distributor_sms", **names),
        open_button=button(t("nav.see"), "dist.branch", contract.branch_id),
        now=now,
    )


def notify_freed(db: Session, contract: Contract, *, now: datetime) -> None:
    """N18: freed or replaced."""
    names = parties(db, contract).names
    _notify_officer(
        db,
        contract,
        kind="N18",
        event_key=f"contract:{contract.id}:freed",
        text=t("push.N18", **names),
        open_button=button(t("nav.see"), "centers"),
        sms=t("push.N18_sms", **names),
        now=now,
    )
