"""Closing a branch: nobody serves there, nobody is asked to, and nobody will be. Its history stays.

See docs/specification.md 2.4.
"""

from datetime import datetime

from sqlmodel import Session

from bot.core.context import Actor
from bot.core.refusals import NotAllowed
from bot.core.screens import button
from bot.services.cooperation import contracts, requests
from bot.services.distributors import branches
from bot.texts import t
from storage.enums import Role
from storage.tables import Account, Branch


class NotYet(NotAllowed):
    """A contract or a request is open there; the sentence and the buttons say what to do first."""


def may_close(db: Session, *, actor: Actor, branch_id: int, version: int | None = None) -> Branch:
    """The branch, locked, that this manager, or staff, may close.

    Raises NotAllowed, also for the central one, Stale, and NotYet."""
    branch = branches.lock_own_branch(db, actor, branch_id, version)
    if branch.is_central:
        raise NotAllowed("error.branch_central")
    own = actor.role is not Role.STAFF
    serving = contracts.at_branch(db, branch_id)
    if serving:
        names = "، ".join(db.get_one(Account, contract.account_id).name for contract in serving)
        ends = tuple(
            button(t("dist.free"), "dist.free_ask", contract.id or 0, contract.version)
            for contract in serving[:1]
        )
        raise NotYet(
            "error.branch_serves" if own else "error.branch_serves_staff",
            officer=names,
            branch=branch.name,
            next_buttons=ends if own else (),
        )
    request = requests.open_at(db, branch_id)
    if request is not None:
        raise NotYet(
            "error.branch_asks" if own else "error.branch_asks_staff",
            officer=db.get_one(Account, request.account_id).name,
            branch=branch.name,
            next_buttons=(button(t("dist.see_request"), "dist.request", request.id or 0),) if own else (),
        )
    return branch


def close_branch(db: Session, *, actor: Actor, branch_id: int, version: int, now: datetime) -> Branch:
    """Close it; its name is free again. Raises as `may_close`."""
    branch = may_close(db, actor=actor, branch_id=branch_id, version=version)
    return branches.save_branch(
        db, branch, actor=actor, event="branch_closed", values={"closed_at": now}, now=now
    )
