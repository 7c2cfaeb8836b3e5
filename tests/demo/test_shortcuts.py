"""One tap to be somebody, three days later, and everything from the beginning."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from demo import clock
from demo.page import views
from demo.page.server import PageServer
from demo.page.shortcuts import NO_ACCOUNT, NO_ANSWER, Shortcuts
from demo.run import Demo, Options
from demo.users import DemoUser, DemoUsers
from tests.support.ports import free_ports


@pytest.fixture(autouse=True)
def the_machines_time() -> Iterator[None]:
    yield
    clock.set_ahead(0)


def role(demo: Demo, title: str) -> DemoUser:
    return next(one for one in demo.users.roles if one.title == title)


def labels(user: DemoUser) -> list[str]:
    return [one["label"] for one in views.chat_state(user)["suggestions"]]


class Nothing:
    """A demo whose bot does not answer."""

    def __init__(self, users: DemoUsers) -> None:
        self.users, self.did = users, list[str]()

    async def reset(self) -> None:
        self.did.append("reset")

    async def skip(self, days: int) -> None:
        self.did.append(f"skip {days}")


async def test_a_phone_with_an_account_offers_the_login(server: PageServer) -> None:
    sara, _, expert = server.users.roles
    assert "ورود به‌عنوان کارشناس شیراز" in labels(expert)
    assert not [label for label in labels(sara) if "ورود به‌عنوان" in label], "she has no account yet"


async def test_refusals_say_what_to_do(server: PageServer, http: httpx.AsyncClient) -> None:
    nothing = Nothing(server.users)
    page = PageServer(server.users, more_routes=Shortcuts(nothing).add_routes)
    await page.start()
    try:
        sara = server.users.roles[0]
        answer = await http.post(f"{page.url}/emulators/people/{views.person_id(sara.person)}/login")
        assert answer.json() == {"ok": False, "error": NO_ACCOUNT}
        for days in (0, 61):
            answer = await http.post(f"{page.url}/emulators/skip", json={"days": days})
            assert answer.status_code == 400
        await http.post(f"{page.url}/emulators/skip", json={"days": 3})
        await http.post(f"{page.url}/emulators/reset")
        assert nothing.did == ["skip 3", "reset"]
        stranger = await http.post(f"{page.url}/emulators/reset", headers={"Origin": "http://evil.example"})
        assert stranger.status_code == 403
    finally:
        await page.stop()


async def test_a_bot_that_does_not_answer_is_told(
    server: PageServer, http: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("demo.page.shortcuts._PATIENCE", 0.2)
    page = PageServer(server.users, more_routes=Shortcuts(Nothing(server.users)).add_routes)
    await page.start()
    try:
        expert = server.users.roles[2]
        answer = await http.post(f"{page.url}/emulators/people/{views.person_id(expert.person)}/login")
        assert answer.json() == {"ok": False, "error": NO_ANSWER}
    finally:
        await page.stop()


def test_a_skip_leads_into_the_day_when_people_are_reminded(monkeypatch: pytest.MonkeyPatch) -> None:
    night, noon = 1_795_809_600.0 - 1800, 1_795_809_600.0 + 9 * 3600  # 23:00 and 08:30 UTC
    for machine, least in ((night, 3 * 86400), (noon, 3 * 86400)):
        monkeypatch.setattr(clock.machine, "time", lambda machine=machine: machine)
        ahead = clock.later(3)
        assert ahead >= least
        hour = (machine + ahead + 3.5 * 3600) % 86400 / 3600
        assert 9 <= hour < 18


@pytest.mark.campaign
async def test_one_tap_three_days_and_from_the_beginning(tmp_path: Path) -> None:
    async with (
        Demo(Options(folder=tmp_path, port=free_ports(3))) as demo,
        httpx.AsyncClient(trust_env=False, timeout=300, base_url=demo.page.url) as http,
    ):
        expert = role(demo, "کارشناس شیراز")
        assert any("ورود به‌عنوان کارشناس شیراز" in label for label in labels(expert))
        answer = await http.post(f"/emulators/people/{views.person_id(expert.person)}/login")
        assert answer.json() == {"ok": True}
        await expert.person.sees("کارتابل دانشگاه علوم پزشکی شیراز")
        assert not any("ورود به‌عنوان" in label for label in labels(expert)), "logged in already"

        before = max(message.date for message in expert.person.conversation.messages.values())
        assert (await http.post("/emulators/skip", json={"days": 3})).json() == {"ok": True}
        await expert.person.command("menu")
        later = await expert.person.sees("کارتابل")
        date = expert.person.conversation.messages[later.id].date
        assert date - before >= 3 * 86400, "the messenger's clock did not go ahead"

        assert (await http.post("/emulators/reset")).json() == {"ok": True}
        expert = role(demo, "کارشناس شیراز")
        assert not expert.person.history()
        assert len(demo.users.roles) == len({views.person_id(one.person) for one in demo.users.roles})
        answer = await http.post(f"/emulators/people/{views.person_id(expert.person)}/login")
        assert answer.json() == {"ok": True}
        await expert.person.sees("کارتابل")
        assert demo.emulators.violations == []
    async with Demo(Options(folder=tmp_path, port=free_ports(3))) as demo:
        assert any("کارتابل" in seen.text for seen in role(demo, "کارشناس شیراز").person.history())
