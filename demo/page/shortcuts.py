"""What spares a visitor time: log in with one tap, begin anew, skip some days, read a chat in English.

POST /emulators/people/{id}/login   log this phone in with the code and password that the demo knows
POST /emulators/reset               everything as it was after the first start
POST /emulators/skip                {"days": 1…60} the demo's clock goes ahead
"""

from __future__ import annotations

import json
from typing import Any, Protocol

from aiohttp import web

from demo.page.gloss import line_in_english
from demo.seen import Seen
from demo.users import DemoUser, DemoUsers

_LONGEST_SKIP = 60
#: Messages of a transcript.
_LAST = 80
#: Seconds to wait for each of the bot's questions.
_PATIENCE = 12
NO_ANSWER = "سامانه پاسخ نداد؛ ببینید روشن و وصل است، و دوباره تلاش کنید."
NO_ACCOUNT = "این گوشی هنوز حسابی ندارد؛ ثبت‌نام کنید."


class Changeable(Protocol):
    users: DemoUsers

    async def reset(self) -> None: ...

    async def skip(self, days: int) -> None: ...


class Shortcuts:
    def __init__(self, demo: Changeable) -> None:
        self._demo = demo

    def add_routes(self, router: web.UrlDispatcher) -> None:
        router.add_post("/emulators/people/{id}/login", self._login)
        router.add_get("/emulators/people/{id}/transcript", self._transcript)
        router.add_post("/emulators/reset", self._reset)
        router.add_post("/emulators/skip", self._skip)

    def _user(self, request: web.Request) -> DemoUser:
        user = self._demo.users.find(request.match_info["id"])
        if user is None:
            raise web.HTTPNotFound
        return user

    async def _login(self, request: web.Request) -> web.Response:
        await log_in(self._user(request))
        return _done()

    async def _transcript(self, request: web.Request) -> web.Response:
        return _done(messages=transcript(self._user(request)))

    async def _reset(self, request: web.Request) -> web.Response:
        await self._demo.reset()
        return _done()

    async def _skip(self, request: web.Request) -> web.Response:
        body = await request.json()
        days = int(body["days"])
        if not 1 <= days <= _LONGEST_SKIP:
            raise ValueError("یک تا شصت روز را می‌توان گذراند.")
        await self._demo.skip(days)
        return _done()


async def log_in(user: DemoUser) -> None:
    """Answer the bot's questions as a person would: start, «ورود», code, password. Raises ValueError."""
    if not user.identity.user_code:
        raise ValueError(NO_ACCOUNT)
    person = user.person
    try:
        await person.start()
        await person.tap("ورود", within=_PATIENCE)
        await person.sees("کد کاربری خود را", within=_PATIENCE)
        await person.type(user.identity.user_code)
        await person.sees("رمز عبور خود را", within=_PATIENCE)
        secret = await person.type(user.identity.password)
        await person.sees_gone(secret, within=_PATIENCE)
    except AssertionError:
        raise ValueError(NO_ANSWER) from None


def transcript(user: DemoUser) -> list[dict[str, Any]]:
    """What was said, oldest first. A person's own words have no gloss."""
    said = []
    for message in list(user.person.conversation.live())[-_LAST:]:
        lines = [line for line in message.words.splitlines() if line.strip()]
        said.append(
            {
                "from_bot": message.from_bot,
                "date": message.date,
                "lines": [[line, line_in_english(line) if message.from_bot else ""] for line in lines],
                "buttons": Seen.of(message).labels,
            }
        )
    return said


def _done(**more: Any) -> web.Response:
    text = json.dumps({"ok": True, **more}, ensure_ascii=False)
    return web.Response(text=text, content_type="application/json")
