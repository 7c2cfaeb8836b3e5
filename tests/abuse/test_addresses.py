"""Public addresses that anyone may try: pay pages, returns of the bank, deep links, groups."""

import secrets
import sqlite3
from contextlib import closing

import httpx

from tests.journeys.qualification import JourneySetup
from tests.support.journey_steps import register


async def test_pay_tokens_and_other_addresses(setup: JourneySetup, sqlite_url: str) -> None:
    """Thousands of guessed addresses look alike and leave the database as it was; whoever goes on guessing is told to
    wait, and nobody else is."""
    file = sqlite_url.removeprefix("sqlite:///")
    root, told = f"http://127.0.0.1:{setup.bot.port}", 0
    forwarded = {"X-Forwarded-For": "198.51.100.9"}
    async with httpx.AsyncClient(trust_env=False, base_url=root, headers=forwarded) as guesser:
        nowhere = (await guesser.get(f"/pay/{'z' * 22}")).text
        with closing(sqlite3.connect(file)) as watching:
            before = _rows(watching)
            for number in range(2000):
                token = secrets.token_urlsafe(16)
                path = (
                    f"/pay/{token}",
                    f"/pay/callback/zarinpal/{number}?Authority={token}&Status=OK",
                    f"/pay/callback/zibal/{number}?trackId={number}&success=1&status=2",
                )[number % 3]
                page = await (guesser.post(path) if number % 2 else guesser.get(path))
                told += page.status_code == 429
                assert page.status_code == 429 or (page.status_code, page.text) == (404, nowhere), path
            assert _rows(watching) == before
            assert told > 1000
            headers = {"X-Forwarded-For": "203.0.113.7"}
            other = await guesser.get(f"/pay/{'z' * 22}", headers=headers)
            assert (other.status_code, other.text) == (404, nowhere)


def _rows(database: sqlite3.Connection) -> list[str]:
    """All of it, but for the hourly round of the reconciler."""
    return [line for line in database.iterdump() if "'unverified:" not in line]


PAYLOADS = (
    "1|home|||",
    "../../etc/passwd",
    "' OR 1=1 --",
    "\u202egnp.exe",
    "%00%0a",
    "A" * 4000,
    "{{7*7}}",
    "-1",
    "register",
    "login_12345678",
)


async def test_deep_links_and_groups(setup: JourneySetup) -> None:
    """/start with anything is /start; a group is told where to go, whoever presses there."""
    sara = await register(setup.bot, setup.officer())
    guest = setup.here.person("مهمان")
    for payload in PAYLOADS:
        await guest.start(payload)
        seen = await guest.sees("خوش آمدید")
        assert "به سامانه" in seen.text or "خوش آمدید" in seen.text
        assert "passwd" not in seen.text
        assert "49" not in seen.text
        await sara.person.start(payload)
        await sara.person.sees("سارا کریمی‌نژاد گرامی")
    cards = set[str]()
    for token in ("", secrets.token_urlsafe(16), "' OR 1=1 --", "%", "_" * 22):
        await guest.start(f"card_{token}")
        cards.add((await guest.sees()).text)
    assert all("شناخته نشد" in one or "خوش آمدید" in one for one in cards), cards
    group = setup.here.group("گروه")
    raw = {
        "callback_query": {
            "id": "999",
            "from": {"id": sara.person.user.id, "is_bot": False, "first_name": "سارا"},
            "chat_instance": "1",
            "data": "1|me|||",
            "message": {
                "message_id": 77,
                "date": 1_790_000_000,
                "chat": {"id": group.id, "type": "group", "title": "گروه"},
                "text": "x",
            },
        }
    }
    setup.here.server.inject(raw)
    await sara.person.type("/me", chat=group)
    await guest.start()
    await guest.sees("خوش آمدید")
    conversation = setup.here.server.state.conversation(setup.here.bot, group.id)
    assert conversation is not None
    said = [one.words for one in conversation.live() if one.from_bot]
    assert said
    assert all("گروه" in one or "خصوصی" in one for one in said), said
    assert not any(sara.national_code in one or sara.mobile in one for one in said)
