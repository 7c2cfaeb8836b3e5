"""What is said of a decision that may still be undone."""

from __future__ import annotations

from sqlmodel import Session

from bot.core.screens import Button, button
from bot.services.review.held_decisions import held
from bot.services.review.routing import ReviewableRow
from bot.texts import formats, t
from storage.tables import Account


def held_line(db: Session, request: ReviewableRow, key: str = "desk.held") -> list[str]:
    """On the file card: who decided what, and when it is told. Nothing where no decision is held."""
    decision = held(request)
    if decision is None:
        return []
    by = db.get_one(Account, decision.actor.account_id).name
    time, until = formats.jalali_time(decision.decided_at), formats.clock(decision.until)
    return [t(key, what=t(f"decided.{decision.action}"), by=by, time=time, until=until)]


def undo_button(request: ReviewableRow, prefix: str) -> Button:
    """Takes the decision about this file back, as it is now."""
    return button(t("desk.undo"), f"{prefix}undo", request.id or 0, request.version)
