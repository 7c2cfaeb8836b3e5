"""How the service connects, chooses between polling and a webhook, gives up a refused token, and closes."""

import asyncio
import logging
from types import SimpleNamespace
from typing import Any

import pytest
from telegram.error import InvalidToken, NetworkError, RetryAfter

from bot.application.routes import Routes
from bot.core.context import PublicInfo
from bot.core.counters import Counters, MessengerState
from conversations.engine.engine import Engine
from handlers.telegram import runtime
from handlers.telegram.runtime import Service, _pause
from storage.enums import Messenger

TELEGRAM, BALE = Messenger.TELEGRAM, Messenger.BALE


class World:
    """A service of two messengers whose calls are written down."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, webhook_url: str | None = None) -> None:
        self.calls: list[tuple[Any, ...]] = []
        self.results: list[Exception] = []
        self.slept: list[float] = []
        self.channels: dict[Messenger, Any] = {
            messenger: self.channel(messenger, number) for number, messenger in enumerate((TELEGRAM, BALE), 3)
        }
        resources: Any = SimpleNamespace(
            database=None, downloads={}, counters=Counters(), public_info=PublicInfo("021", "https://x")
        )
        self.resources = resources
        self.service = Service(
            resources,
            self.channels,
            Engine(()),
            Routes(),
            secret_key="k",
            shared=False,
            webhook_url=webhook_url,
        )

        async def sleep(seconds: float) -> None:
            self.slept.append(seconds)

        monkeypatch.setattr(runtime, "asyncio", SimpleNamespace(**vars(asyncio) | {"sleep": sleep}))
        service: Any = self.service
        service.dispatcher = SimpleNamespace(recover=self.told("recover", 0))
        service.profile = SimpleNamespace(publish=self.told("publish", None))
        service.ticker = SimpleNamespace(wake=lambda seconds: self.calls.append(("look", seconds)))
        service.outbox = SimpleNamespace(wake=lambda: None, drain=self.told("drained", None))
        service.pollings = {
            one: SimpleNamespace(run=self.told("polls", None), last_good=0.0) for one in self.channels
        }

    def told(self, name: str, result: Any) -> Any:
        async def called(*given: Any, **named: Any) -> Any:
            self.calls.append((name, *named.items()))
            if name in ("initialize", "closes") and self.results:
                raise self.results.pop(0)
            return result

        return called

    def channel(self, messenger: Messenger, number: int) -> Any:
        bot = SimpleNamespace(
            id=number,
            token=f"{number}:x",
            delete_webhook=self.told("no webhook", None),
            set_webhook=lambda url, **more: self.told("webhook", None)(url=url, **more),
        )
        application = SimpleNamespace(
            initialize=self.told("initialize", None),
            shutdown=self.told("closes", None),
            add_handler=lambda handler: None,
            add_error_handler=lambda handler: None,
        )
        limiter = SimpleNamespace(rest_of_all=2.0, resting=1)
        inner = SimpleNamespace(errors={"timeout": number}, shutdown=self.told("connections closed", None))
        request = inner if messenger is TELEGRAM else SimpleNamespace(inner=inner, shutdown=inner.shutdown)
        return SimpleNamespace(
            messenger=messenger,
            bot=bot,
            bot_id=number,
            application=application,
            limiter=limiter,
            request=request,
            ready=False,
            link=f"https://l/{number}",
            allowed_updates=("message",),
        )


async def test_who_polls_takes_the_webhook_away_and_begins(monkeypatch: pytest.MonkeyPatch) -> None:
    w = World(monkeypatch)
    await w.service._live(TELEGRAM)
    names = [call[0] for call in w.calls]
    assert names == ["initialize", "no webhook", "recover", "look", "publish", "polls"]
    assert w.calls[2:4] == [("recover", ("alone", False)), ("look", 1.0)]
    assert w.service.taking.is_set()
    assert w.resources.public_info.bot_links == {TELEGRAM: "https://l/3"}
    assert (w.channels[TELEGRAM].ready, w.channels[BALE].ready) == (True, False)


async def test_with_a_webhook_nothing_is_polled(monkeypatch: pytest.MonkeyPatch) -> None:
    w = World(monkeypatch, "https://bot.example")
    await w.service._live(TELEGRAM)
    await w.service._live(BALE)
    hooks = [dict(call[1:]) for call in w.calls if call[0] == "webhook"]
    intake = w.service.intake
    assert hooks == [
        {
            "url": f"https://bot.example{intake.path_of(messenger)}",
            "secret_token": intake.secrets.get(messenger),
            "allowed_updates": ("message",),
        }
        for messenger in (TELEGRAM, BALE)
    ]
    assert not {"polls", "no webhook"} & {call[0] for call in w.calls}
    assert w.service.states()[TELEGRAM].polled_ago is None


async def test_a_messenger_that_does_not_answer_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    w = World(monkeypatch)
    w.results = [NetworkError("x"), ValueError("a page of a proxy"), RetryAfter(7), RetryAfter(700)]
    await w.service._live(BALE)
    assert w.slept == [1.0, 2.0, 7.0, 60.0]
    assert w.service.taking.is_set()
    assert (w.service.refused, w.service.gave_up.is_set()) == ({}, False)


async def test_the_service_gives_up_once_every_token_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    w = World(monkeypatch)
    for messenger, refused, gave_up in (
        (BALE, {BALE: "BALE_TOKEN"}, False),
        (TELEGRAM, {BALE: "BALE_TOKEN", TELEGRAM: "TELEGRAM_TOKEN"}, True),
    ):
        w.results = [InvalidToken("x")]
        await w.service._live(messenger)
        assert (w.service.refused, w.service.gave_up.is_set()) == (refused, gave_up)
    assert (w.slept, w.service.taking.is_set()) == ([], False)


async def test_what_comes_of_commands_that_cannot_be_told(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Updates are taken all the same; another bot than the token's is told of, and how many updates go on."""
    caplog.set_level(logging.INFO, "handlers.telegram.runtime")

    async def fails(channel: Any) -> None:
        raise ZeroDivisionError

    said = {}
    for number, recovered in ((3, 0), (8, 2)):
        w = World(monkeypatch)
        service: Any = w.service
        w.channels[TELEGRAM].bot.id = number
        service.dispatcher = SimpleNamespace(recover=w.told("recover", recovered))
        service.profile = SimpleNamespace(publish=fails)
        caplog.clear()
        await service._live(TELEGRAM)
        assert w.calls[-1] == ("polls",)
        said[number] = [(one.levelname, one.getMessage()) for one in caplog.records]
    link = ("INFO", "telegram: taking updates as https://l/3")
    failed = ("ERROR", "commands and descriptions were not told")
    assert said[3] == [link, failed]
    (wrong, *rest) = said[8]
    assert (wrong[0], "bot 3" in wrong[1], "bot 8" in wrong[1]) == ("WARNING", True, True)
    assert rest == [("INFO", "telegram: 2 unfinished updates go on"), link, failed]


async def test_now_and_then_what_others_left_is_looked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every half minute, also after it failed once."""
    w = World(monkeypatch)
    service: Any = w.service
    service.resources.database = SimpleNamespace(announce_process=w.told("announces", None))
    service.dispatcher = SimpleNamespace(take_over=w.told("takes over", None))
    service.profile = SimpleNamespace(publish_chats=w.told("closes", None))
    w.results = [NetworkError("x")]

    async def sleep(seconds: float) -> None:
        w.slept.append(seconds)
        if len(w.slept) > 2:
            raise asyncio.CancelledError

    monkeypatch.setattr(runtime.asyncio, "sleep", sleep)
    with pytest.raises(asyncio.CancelledError):
        await service._sweep()
    assert [call[0] for call in w.calls] == ["announces", "takes over", "closes"] * 2
    assert w.slept == [30.0] * 3


async def test_all_is_closed_though_one_cannot_be(monkeypatch: pytest.MonkeyPatch) -> None:
    w = World(monkeypatch)
    for channel in w.channels.values():
        channel.ready = True
    w.results = [NetworkError("x")]
    task = asyncio.create_task(asyncio.Event().wait())
    w.service._intakes = [task]  # type: ignore[list-item]
    await w.service.stop(timeout=1.0)
    assert [call[0] for call in w.calls] == ["drained"] + ["closes", "connections closed"] * 2
    assert [channel.ready for channel in w.channels.values()] == [False, False]
    assert task.cancelled()


def test_how_each_messenger_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runtime, "time", SimpleNamespace(monotonic=lambda: 9.0))
    w = World(monkeypatch)
    state = {"ready": False, "polled_ago": 9.0, "rests_for": 2.0, "chats_resting": 1}
    assert w.service.states() == {
        TELEGRAM: MessengerState(**state, errors={"timeout": 3}, bot_id=3),  # type: ignore[arg-type]
        BALE: MessengerState(**state, errors={"timeout": 4}, bot_id=4),  # type: ignore[arg-type]
    }
    assert [_pause(failures) for failures in (1, 2, 20)] == [1.0, 2.0, 60.0]
