"""Stories of distributors: branches, cooperation requests in every state, contracts and their ends."""

from __future__ import annotations

from dataclasses import dataclass

from bot.core.context import Actor
from bot.rules import validators
from bot.services import cooperation
from bot.services.cooperation import contracts, party_actions, termination
from bot.services.cooperation.requests import COOPERATION_WORKFLOW
from bot.services.distributors import branches
from simulation.past import Past
from simulation.people import PLACES, Officer
from simulation.stories import AT_WORK, Story
from storage.enums import Role

#: Names of branches, in turn.
_BRANCHES = ("شعبه مرکز شهر", "شعبه شمال", "شعبه جنوب", "شعبه بیمارستانی", "شعبه غرب", "شعبه شرق")


@dataclass(slots=True)
class Centre:
    """A distributor as its manager."""

    manager: Actor
    university: str
    branches: int = 0


def _branch(past: Past, centre: Centre) -> int:
    place = PLACES[centre.university]
    name = _BRANCHES[centre.branches % len(_BRANCHES)]
    name += ("", " دوم", " سوم", " چهارم")[centre.branches // len(_BRANCHES)]
    centre.branches += 1
    branch = branches.define_branch(
        past.db,
        actor=centre.manager,
        name=name,
        province=place.province,
        city=place.city,
        address=f"{place.city}، {past.people.dice.choice(place.streets)}، پلاک {past.people.dice.randint(1, 200)}",
        university=centre.university,
        now=past.stories.now,
    )
    assert branch.id is not None
    return branch.id


def ask(past: Past, centre: Centre, officer: Officer) -> int:
    """The manager asks this officer to serve at a new branch; the request's id."""
    request = party_actions.pick(
        past.db,
        counted=False,
        actor=centre.manager,
        branch_id=_branch(past, centre),
        national_code=validators.national_code(officer.national_code),
        now=past.stories.now,
    )
    assert request.id is not None
    return request.id


def _free_officer(past: Past) -> tuple[Actor, Officer] | None:
    """Somebody qualified without a centre, who is not asked by anybody else meanwhile."""
    if not past.free:
        return None
    account_id = past.people.dice.choice(sorted(past.free))
    return Actor(account_id, Role.OFFICER), past.free.pop(account_id)


def asked(past: Past, centre: Centre, age: float, *, ends: str, rival: Centre | None = None) -> Story:
    """An officer is asked to serve at a new branch, which `ends` "asked", "refused", "given_up", "withdrawn", "accepted",
    "claimed", "rejected", "contract", "closed" (a contract, and the request of a rival is closed), "freed", "terminated", "termination_draft" or
    "termination_cancelled"."""
    found = _free_officer(past)
    if found is None:
        return
    actor, officer = found
    request = ask(past, centre, officer)
    if rival is not None:
        ask(past, rival, officer)
    if ends == "asked":
        return
    yield past.stories.ago(age if ends in ("refused", "withdrawn", "accepted") else age + 6)
    now = past.stories.now
    if ends == "refused":
        reason = past.people.dice.choice((None, "محل شعبه از محل زندگی من دور است."))
        party_actions.reject(past.db, actor=actor, request_id=request, reason=reason, now=now)
    elif ends == "withdrawn":
        party_actions.withdraw(past.db, actor=centre.manager, request_id=request, now=now)
    else:
        party_actions.accept(past.db, actor=actor, request_id=request, now=now)
        if ends != "accepted":
            yield from _at_university(past, centre, actor, request, age, ends)
    if ends in ("refused", "withdrawn", "given_up", "rejected", "freed", "terminated"):
        past.free[actor.account_id or 0] = officer


def _at_university(past: Past, centre: Centre, actor: Actor, request: int, age: float, ends: str) -> Story:
    expert = past.expert(centre.university)
    if ends == "given_up":
        yield past.stories.ago(age)
        words = "با مرکز دیگری به توافق رسیدم."
        party_actions.give_up(past.db, actor=actor, request_id=request, reason=words, now=past.stories.now)
        return
    yield past.stories.ago(age + 3 if ends != "claimed" else age, AT_WORK)
    COOPERATION_WORKFLOW.claim(past.db, actor=expert, request_id=request, now=past.stories.now)
    if ends == "claimed":
        return
    decided = age if ends in ("contract", "closed", "rejected") else age + 2
    yield past.stories.ago(decided, AT_WORK)
    now = past.stories.now
    if ends == "rejected":
        reason = "پروانه شعبه اعتبار ندارد؛ پس از تمدید دوباره درخواست شود."
        cooperation.university_reject(past.db, actor=expert, request_id=request, reason=reason, now=now)
        return
    cooperation.approve(past.db, actor=expert, request_id=request, now=now)
    if ends in ("contract", "closed"):
        return
    yield past.stories.ago(age)
    yield from _ended(past, centre, actor, ends)


def _ended(past: Past, centre: Centre, actor: Actor, ends: str) -> Story:
    contract = contracts.active(past.db, actor.account_id or 0)
    assert contract is not None
    assert contract.id is not None
    if ends == "freed":
        contracts.free(past.db, actor=centre.manager, contract_id=contract.id, now=past.stories.now)
        return
    reason = "به دلیل جابه‌جایی محل زندگی، ادامه همکاری ممکن نیست."
    draft = termination.draft(
        past.db, actor=actor, contract_id=contract.id, reason=reason, now=past.stories.now
    )
    assert draft.id is not None
    if ends == "termination_draft":
        return
    end = termination.cancel if ends == "termination_cancelled" else termination.finalise
    end(past.db, actor=actor, termination_id=draft.id, now=past.stories.now)
    yield from ()
