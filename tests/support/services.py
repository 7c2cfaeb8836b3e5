"""Calling services in tests: a test as one unit of work, a service about one request, a refusal."""

import asyncio
import functools
import inspect
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from datetime import datetime
from typing import Any, TypeVar

import pytest
from sqlalchemy.util import await_only
from sqlmodel import Session

from bot.core.context import Actor
from bot.core.refusals import Refusal
from bot.services.review.review_workflow import ReviewWorkflow
from storage.database.database import Database
from tests.support.effects import snapshot
from tests.support.factories.reference_data import NOW

T = TypeVar("T")


def as_unit(test: Callable[..., None]) -> Callable[..., Awaitable[None]]:
    """Run a test as one unit of the `database` fixture, which hands it `db`; its other arguments are fixtures."""
    signature = inspect.signature(test)
    fixtures = [parameter for name, parameter in signature.parameters.items() if name != "db"]

    @functools.wraps(test)
    async def run(database: Database, **given: Any) -> None:
        await database.run(lambda db: test(db=db, **given))

    own = inspect.Parameter("database", inspect.Parameter.POSITIONAL_OR_KEYWORD)
    run.__signature__ = signature.replace(parameters=[own, *fixtures])
    return run


class _Undo(Exception):
    pass


async def rolled_back(database: Database, unit: Callable[[Session], T]) -> T:
    """What the unit returns; what it wrote is undone."""
    found: list[T] = []

    def undone(db: Session) -> None:
        found.append(unit(db))
        raise _Undo

    with suppress(_Undo):
        await database.run(undone)
    return found[0]


def act(
    db: Session, service: Callable[..., T], actor: Actor, request: Any, *, now: datetime = NOW, **more: Any
) -> T:
    """Call a service about this request. The version goes along only where `more` names one."""
    return service(db, actor=actor, request_id=request.id, now=now, **more)


class Refused:
    """Filled in by `refused` when its block ends."""

    refusal: Refusal


@contextmanager
def refused(*expected: str | type[Refusal], db: Session | None = None) -> Iterator[Refused]:
    """Expect a refusal of this class itself, with this text key. With `db` the block runs in a savepoint and must
    leave nothing changed."""
    caught = Refused()
    before = None if db is None else snapshot(db)
    try:
        with nullcontext() if db is None else db.begin_nested():
            yield caught
    except Refusal as refusal:
        caught.refusal = refusal
    else:
        raise AssertionError("it was allowed")
    found = {type(caught.refusal), caught.refusal.key}
    assert found.issuperset(expected), f"{caught.refusal!r} is not {expected}"
    if db is not None:
        db.expire_all()
        assert snapshot(db) == before, "a refused action changed something"


def meet_after_check(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """On PostgreSQL two units are in the narrowest race there is: each has checked its action before either goes on. SQLite
    runs one unit at a time."""
    both_checked, check = asyncio.Barrier(2), ReviewWorkflow.check

    def check_and_meet(*args: Any, **facts: Any) -> Any:
        authorized = check(*args, **facts)
        await_only(both_checked.wait())
        return authorized

    if database.url.get_backend_name() != "sqlite":
        monkeypatch.setattr(ReviewWorkflow, "check", check_and_meet)
