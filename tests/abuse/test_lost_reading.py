"""Whoever lost a right reads nothing more, over HTTP: old buttons, an open dialogue, a screen shown again."""

from collections.abc import Callable

import pytest
from sqlmodel import Session, col, select

from bot.core.screens import Press
from storage.tables import Chat, QualificationRequest
from tests.abuse import rights
from tests.abuse.running_service import RunningService


async def _shown(service: RunningService, name: str, *steps: Press | str) -> str:
    """What a participant is shown by these steps."""
    service.shown.clear()
    await service.walk(name, *steps)
    await service.noted()
    return "\n".join(service.shown.get(name, ()))


@pytest.mark.parametrize(
    "lose", [rights.suspend, rights.take_roles, rights.change_university], ids=lambda one: one.__name__
)
async def test_an_open_dialogue_shows_nothing_of_a_file_that_is_shut(
    service: RunningService, lose: Callable[[Session, int | None], None]
) -> None:
    """Also where the screen is only shown again, as after a restart."""
    name, expert = "expert:reviewer", service.participants.named("expert:reviewer")
    reviewed = select(QualificationRequest).where(QualificationRequest.reviewer_id == expert.id)
    request = await service.database.read(lambda db: db.exec(reviewed).first())
    assert request is not None
    number, code = request.id or 0, request.tracking_code or ""
    own = select(Chat.id).where(Chat.account_id == expert.id, col(Chat.role).is_not(None))
    chat = await service.database.read(lambda db: db.exec(own).one())
    assert code in await _shown(service, name, Press("desk.reject", number, request.version))
    await service.database.run(lambda db: lose(db, expert.id))
    service.shown.clear()
    await service.service.dispatcher.beside.show_current(chat or 0)
    assert code not in "\n".join(service.shown.get(name, ()))
    for step in ("۱", "بدون توضیح", Press("desk.file", number), Press("desk.documents", number)):
        seen = await _shown(service, name, step)
        assert code not in seen, f"{step}: {seen}"
