"""The banner of a file card: what must not be overlooked before deciding."""

from __future__ import annotations

from bot.services.review.cautions import Cautions
from bot.texts import formats, quoted, t
from storage.enums import AccountState


def caution_lines(cautions: Cautions | None) -> list[str]:
    """The account's state, open alerts, earlier rejections; nothing where there is none of them."""
    if cautions is None:
        return []
    lines: list[str] = []
    if cautions.state is not AccountState.ACTIVE:
        reason = quoted(cautions.state_reason or "—", t("role.staff"))
        lines.append(t(f"desk.applicant_{cautions.state}", reason=reason))
    lines += [t(f"desk.alert_{alert}") for alert in cautions.alerts]
    if cautions.rejected_here:
        last = cautions.last_here
        assert last is not None
        n, day = formats.number(cautions.rejected_here), formats.jalali_day(last.day)
        lines.append(t("desk.rejected_here", n=n, day=day, reason=last.reason))
    if cautions.rejected_elsewhere:
        lines.append(t("desk.rejected_elsewhere", n=formats.number(cautions.rejected_elsewhere)))
    return lines
