"""Why an officer may not accept: each reason has its own sentence, and the officer reads the right one."""

import pytest

from bot.core.context import Actor
from bot.rules.cooperation import Availability, CooperationAction, CooperationCase, allowed_actions, refusal
from storage.enums import CooperationState, Role

OFFICER = Actor(1, Role.OFFICER)

REASONS = {
    "free": (Availability(active=True, qualified=True), None),
    "employed": (Availability(active=True, qualified=True, employed=True), "error.accept_while_employed"),
    "reserved": (Availability(active=True, qualified=True, reserved=True), "error.accept_while_reserved"),
    "employed and reserved": (
        Availability(active=True, qualified=True, employed=True, reserved=True),
        "error.accept_while_employed",
    ),
    "not qualified": (Availability(active=True), "error.accept_unqualified"),
    "suspended": (Availability(qualified=True), "error.accept_unqualified"),
}


@pytest.mark.parametrize(("officer", "reason"), REASONS.values(), ids=REASONS)
def test_an_officer_who_may_not_accept_reads_why(officer: Availability, reason: str | None) -> None:
    case = CooperationCase(CooperationState.PENDING_OFFICER, officer_id=1, distributor_id=7, officer=officer)

    assert refusal(case, OFFICER, CooperationAction.ACCEPT) == reason
    assert (CooperationAction.ACCEPT in allowed_actions(case, OFFICER)) == (reason is None)
