"""The banner of a file card: a decision that may still be undone, and what must not be overlooked before deciding."""

from __future__ import annotations

from sqlmodel import Session

from bot.core.screens import Button, button
from bot.services.review.cautions import Cautions
from bot.services.review.held_decisions import held
from bot.services.review.routing import ReviewableRow
from bot.texts import formats, quoted, t
from storage.enums import AccountState
from storage.tables import Account


def caution_lines(cautions: Cautions | None) -> list[str]:
    """The account's state, open alerts, earlier rejections; nothing where there is none of them."""
    if cautions is None:
        return []
    lines: list[str] = []
    if cautions.state is not AccountState.ACTIVE:
        reason = quoted(cautions.state_reason or "—", t("role.staff"))
        lines.append(t(f"desk.applicant_{cautions.state}", reason=reason))
    lines += [t(f"desk.alert_{alert}") for alert in cautions.alerts]
    if cautions.revoked:
        lines.append(t("desk.revoked_before", n=formats.number(cautions.revoked)))
    if cautions.rejected_here:
        last = cautions.last_here
        assert last is not None
        n, day = formats.number(cautions.rejected_here), formats.jalali_day(last.day)
        lines.append(t("desk.rejected_here", n=n, day=day, reason=last.reason))
    if cautions.rejected_elsewhere:
        lines.append(t("desk.rejected_elsewhere", n=formats.number(cautions.rejected_elsewhere)))
    return lines


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
