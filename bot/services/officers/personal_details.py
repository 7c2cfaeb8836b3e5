"""General data (R10, R48): the items that an officer edits at once, without a review."""

from collections.abc import Callable
from datetime import datetime

from sqlmodel import Session, col, select

from bot.core.context import Actor
from bot.core.refusals import InvalidInput, NotAllowed, Refusal
from bot.core.screens import button
from bot.rules import request_items, validators
from bot.services.accounts import mobile, queries
from bot.services.qualification.completion import COLUMNS
from bot.services.qualification.drafts import FORM
from bot.services.shared import audit
from bot.services.shared.eligibility import is_qualified
from bot.texts import t
from storage.enums import AccountState, Role
from storage.tables import Draft, Officer

#: Of the audit; a request's form is filled from these again (`drafts.prefill`).
EVENT = "general_edited"


def _gender(value: str) -> str:
    if value not in ("female", "male"):
        raise InvalidInput("error.choose")
    return value


_CHECKS: dict[str, Callable[[str], str]] = {
    "father_name": validators.persian_name,
    "gender": _gender,
    "birth_cert_no": validators.birth_cert_no,
    "postal_address": validators.address,
    "phone": lambda value: validators.phone(value) if value else "",  # "": has none
    "email": validators.email,
}
assert set(_CHECKS) == set(request_items.FREE)


def refuse_edit(db: Session, *, account_id: int, field: str) -> None:
    """Raise the Refusal that says why `field` cannot be edited freely now; return where it can.

    "error.immutable_field" (R47), "error.needs_amendment" or "error.needs_request" with the way there (R49,
    R51), "mobile.in_circulation" while a request is in circulation (R11).
    """
    if field in request_items.NEVER:
        raise NotAllowed("error.immutable_field")
    if field not in request_items.FREE:
        if is_qualified(db, account_id):
            raise NotAllowed("error.needs_amendment", next_buttons=(button(t("qual.amend"), "qual.amend"),))
        raise NotAllowed("error.needs_request", next_buttons=(button(t("menu.qual"), "qual"),))
    if queries.in_circulation(db, account_id):
        raise mobile.in_circulation()


def edit_item(db: Session, *, actor: Actor, field: str, value: str | None, now: datetime) -> bool:
    """Write one item of R48 into the officer's file; False where it is that already. None says "has none"
    (e-mail).

    A draft of a request that does not say otherwise follows (Q37). The mobile is `accounts.change_mobile`.
    Raises as `refuse_edit`, InvalidInput for a value that the item does not take, NotAllowed where suspended.
    """
    if actor.account_id is None or actor.role is not Role.OFFICER:
        raise NotAllowed("error.not_allowed")
    if queries.lock_account(db, actor.account_id).state is not AccountState.ACTIVE:
        raise NotAllowed("error.not_allowed")
    # Held before looking at the request: its submission, which begins with the draft, comes before or after
    # this.
    drafts = list(
        db.exec(
            select(Draft)
            .where(Draft.account_id == actor.account_id, Draft.dialogue == FORM)
            .order_by(col(Draft.id))
            .with_for_update()
            .execution_options(populate_existing=True)
        )
    )
    refuse_edit(db, account_id=actor.account_id, field=field)
    value = _checked(field, value)
    officer = db.get(Officer, actor.account_id, with_for_update=True, populate_existing=True)
    assert officer is not None
    column = COLUMNS[field]
    old = getattr(officer, column)
    if value == old:
        return False
    setattr(officer, column, value)
    officer.version += 1
    for draft in drafts:
        _update_draft(draft, field, old, value, now)
    db.flush()
    audit.record(
        db,
        now=now,
        actor=actor,
        event=EVENT,
        subject="account",
        subject_id=actor.account_id,
        field=field,
    )
    return True


def _checked(field: str, value: str | None) -> str | None:
    if value is None and field in request_items.OPTIONAL:
        return None
    if not isinstance(value, str):
        raise Refusal("error.unknown")
    return _CHECKS[field](value)


def _update_draft(draft: Draft, field: str, old: str | None, new: str | None, now: datetime) -> None:
    """Where the form holds what the file held, it was no answer of its own."""
    if (draft.answers.get(field) or None) != (old or None):
        return
    draft.answers = draft.answers | {field: new}
    draft.version += 1
    draft.updated_at = now
