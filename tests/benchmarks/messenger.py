"""The lightest messenger that keeps a bot busy: people send their next line as soon as the last was answered."""

from __future__ import annotations

import asyncio
import itertools
import json
import time
from collections import Counter
from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import aiohttp
from aiohttp import web
from aiohttp.test_utils import TestServer

TOKEN = "7:bench"
#: Calls that show a person something.
ANSWERS = frozenset({"sendmessage", "editmessagetext", "senddocument", "sendphoto"})


@dataclass(frozen=True, slots=True)
class Answer:
    """What a person sees: the text, and what each button would send."""

    method: str
    message_id: int
    text: str
    buttons: dict[str, str]

    def data(self, label: str) -> Press:
        """The press of the button that has `label` in its own. Raises LookupError."""
        for words, data in self.buttons.items():
            if label in words:
                return Press(data, self.message_id)
        raise LookupError(f"no button {label!r} among {list(self.buttons)} under {self.text!r}")


@dataclass(frozen=True, slots=True)
class Press:
    data: str
    message_id: int


@dataclass(frozen=True, slots=True)
class Photo:
    """A file that is sent; its bytes come from `Messenger.files`."""

    file_id: str
    size: int


@dataclass(frozen=True, slots=True)
class Ask:
    """A line whose answer has these words in its text or on a button; what else comes in between (a push) is no answer."""

    line: str | Press | Photo
    words: str


#: What a person sends next; None: nothing, they wait for a further answer.
Line = str | Press | Photo | Ask | None
#: Is sent each answer, yields the next line.
Script = Generator[Line, Answer, None]


@dataclass(slots=True)
class Person:
    chat: int
    script: Script | Iterator[str]
    #: Seconds between an answer and the next line.
    pause: float = 0.0
    asked_at: float = 0.0
    words: str = ""
    #: The text of the latest message that was not the answer.
    beside: str = ""
    #: (when it was answered, seconds from the line to its answer)
    waits: list[tuple[float, float]] = field(default_factory=list)

    def next_line(self, answer: Answer | None) -> str | Press | Photo | None:
        if answer is None or not isinstance(self.script, Generator):
            line = next(self.script)
        else:
            line = self.script.send(answer)
        if isinstance(line, Ask):
            self.words = line.words
            return line.line
        self.words = ""
        return line

    def waits_for(self, answer: Answer) -> bool:
        return (
            not self.words
            or self.words in answer.text
            or any(self.words in label for label in answer.buttons)
        )


class BusyMessenger:
    """Counts one step an answer. Hands out an update once: this messenger never sees a bot die."""

    def __init__(self, people: Iterable[Person] = ()) -> None:
        self.people = {person.chat: person for person in people}
        # Those of the made databases end below it: a messenger never gives a number again.
        self._updates = count(500_000_000)
        self._messages = count(1)
        self.waiting: list[dict[str, Any]] = []
        self._arrived = asyncio.Event()
        self.answers = 0
        self.answered = asyncio.Condition()
        #: When the newest answer came.
        self.last_answer = 0.0
        #: Texts by chat, of chats that are no one's here (pushes); and how many sends were refused with 429.
        self.pushes: Counter[int] = Counter()
        self.push_times: list[float] = []
        #: The same of pushes that have this text in theirs.
        self.marked = ""
        self.marked_chats: Counter[int] = Counter()
        self.marked_times: list[float] = []
        #: Of so many pushes one is refused with 429; 0: none.
        self.refuse_one_in = 0
        self.refused = 0
        self._pushed = count(1)
        self.files: dict[str, bytes] = {}
        #: Addresses of processes that take webhooks, and what each has set.
        self.webhooks: list[str] = []
        self._posting: set[asyncio.Task[None]] = set()
        self.hooked = 0
        self._secret = ""
        self._path = ""
        self._client: aiohttp.ClientSession | None = None
        self.url = ""

    async def __aenter__(self) -> BusyMessenger:
        app = web.Application(client_max_size=2**25)
        app.router.add_route("*", f"/bot{TOKEN}/{{method}}", self._call)
        app.router.add_get(f"/file/bot{TOKEN}/{{path}}", self._file)
        self._server = TestServer(app)
        await self._server.start_server(access_log=None)
        self.url = str(self._server.make_url("")).rstrip("/")
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._posting:
            task.cancel()
        if self._client is not None:
            await self._client.close()
        await self._server.close()

    def begin(self) -> None:
        """Everybody sends the first line."""
        for person in list(self.people.values()):
            self._next(person, None)

    # ── what people do ──

    def _next(self, person: Person, answer: Answer | None) -> None:
        try:
            line = person.next_line(answer)
        except StopIteration:
            return
        if line is None:
            return
        if person.pause and answer is not None:
            asyncio.get_running_loop().call_later(person.pause, self.say, person.chat, line)
        else:
            self.say(person.chat, line)

    def say(self, chat: int, line: Line) -> None:
        if (person := self.people.get(chat)) is not None:
            person.asked_at = time.perf_counter()
        self._hand_out(self._update(chat, line))

    def _hand_out(self, update: dict[str, Any]) -> None:
        if self.webhooks and self._secret:
            task = asyncio.create_task(self._post(update))
            self._posting.add(task)
            task.add_done_callback(self._posting.discard)
            return
        self.waiting.append(update)
        self._arrived.set()

    async def _post(self, update: dict[str, Any]) -> None:
        """To the processes in turn, as a balancer does."""
        if self._client is None:
            self._client = aiohttp.ClientSession()
        target = self.webhooks[update["update_id"] % len(self.webhooks)]
        headers = {"X-Telegram-Bot-Api-Secret-Token": self._secret}
        while True:
            try:
                async with self._client.post(target + self._path, json=update, headers=headers) as response:
                    await response.read()
                return
            except aiohttp.ClientError:  # a process that starts or ends; a messenger tries again
                await asyncio.sleep(0.5)

    def _update(self, chat: int, line: Line) -> dict[str, Any]:
        sender = {"id": chat, "is_bot": False, "first_name": "x"}
        message: dict[str, Any] = {
            "message_id": line.message_id if isinstance(line, Press) else next(self._messages),
            "date": int(time.time()),
            "chat": {"id": chat, "type": "private", "first_name": "x"},
            "from": sender,
        }
        update: dict[str, Any] = {"update_id": next(self._updates)}
        if isinstance(line, Press):
            query = {"id": str(update["update_id"]), "chat_instance": "1", "data": line.data}
            message["text"] = "x"
            return update | {"callback_query": query | {"from": sender, "message": message}}
        if isinstance(line, Photo):
            sizes = {"file_id": line.file_id, "file_unique_id": line.file_id, "width": 3000, "height": 4000}
            return update | {"message": message | {"photo": [sizes | {"file_size": line.size}]}}
        message["text"] = line
        if str(line).startswith("/"):
            message["entities"] = [{"type": "bot_command", "offset": 0, "length": len(str(line))}]
        return update | {"message": message}

    # ── what the bot asks for ──

    async def _call(self, request: web.Request) -> web.Response:
        method = request.match_info["method"].lower()
        data = await request.post()
        if method == "getupdates":
            return self._ok(await self._get_updates(int(str(data.get("timeout", 0)))))
        if method == "getme":
            return self._ok({"id": 7, "is_bot": True, "first_name": "bench", "username": "bench_bot"})
        if method == "setwebhook":
            self._secret = str(data.get("secret_token", ""))
            self.hooked += 1
            self._path = "/" + str(data["url"]).split("://", 1)[1].partition("/")[2]
            return self._ok(True)
        if method == "getfile":
            name = str(data["file_id"])
            size = len(self.files[name])
            return self._ok({"file_id": name, "file_unique_id": name, "file_path": name, "file_size": size})
        if method in ANSWERS:
            return await self._answer(method, data)
        return self._ok(True)

    async def _answer(self, method: str, data: Any) -> web.Response:
        chat = int(str(data["chat_id"]))
        person = self.people.get(chat)
        if person is None and method == "sendmessage":
            if self.refuse_one_in and next(self._pushed) % self.refuse_one_in == 0:
                self.refused += 1
                error = {"ok": False, "error_code": 429, "description": "Too Many Requests: retry after 1"}
                return web.json_response(error | {"parameters": {"retry_after": 1}}, status=429)
            self._note_push(chat, str(data.get("text", "")))
        given = str(data.get("message_id", "")) if method == "editmessagetext" else ""
        message_id = int(given) if given else next(self._messages)
        self.answers += 1
        self.last_answer = time.perf_counter()
        if person is not None and not person.waits_for(answer := _read(method, message_id, data)):
            person.beside = answer.text
        elif person is not None:
            if person.asked_at:
                person.waits.append((self.last_answer, self.last_answer - person.asked_at))
            self._next(person, answer)
        async with self.answered:
            self.answered.notify_all()
        return self._ok(
            {
                "message_id": message_id,
                "date": int(time.time()),
                "chat": {"id": chat, "type": "private", "first_name": "x"},
                "text": str(data.get("text", "")),
            }
        )

    def _note_push(self, chat: int, text: str) -> None:
        at = time.perf_counter()
        self.pushes[chat] += 1
        self.push_times.append(at)
        if self.marked and self.marked in text:
            self.marked_chats[chat] += 1
            self.marked_times.append(at)

    async def _file(self, request: web.Request) -> web.Response:
        return web.Response(body=self.files[request.match_info["path"]])

    async def _get_updates(self, timeout: int) -> list[dict[str, Any]]:
        if not self.waiting and timeout:
            self._arrived.clear()
            try:
                await asyncio.wait_for(self._arrived.wait(), min(timeout, 5))
            except TimeoutError:
                return []
        batch, self.waiting = self.waiting[:100], self.waiting[100:]
        return batch

    def fill(self, lines: Iterable[tuple[int, Line]]) -> None:
        """Updates that came while the bot was away."""
        self.waiting += [self._update(chat, line) for chat, line in lines]
        self._arrived.set()

    async def until(self, answers: int, seconds: float = 60) -> None:
        async def wait() -> None:
            async with self.answered:
                await self.answered.wait_for(lambda: self.answers >= answers)

        await asyncio.wait_for(wait(), seconds)

    async def until_webhooks(self, processes: int, seconds: float = 60) -> None:
        """All processes take updates."""
        async with asyncio.timeout(seconds):
            while self.hooked < processes:
                await asyncio.sleep(0.05)

    def waits(self, since: float = 0.0) -> list[float]:
        """Seconds of every answer since then."""
        every = itertools.chain.from_iterable(person.waits for person in self.people.values())
        return [wait for at, wait in every if at - wait >= since]

    @staticmethod
    def _ok(result: Any) -> web.Response:
        return web.json_response({"ok": True, "result": result})


def _read(method: str, message_id: int, data: Any) -> Answer:
    markup = json.loads(str(data.get("reply_markup") or "{}"))
    buttons = {
        button["text"]: button.get("callback_data", "")
        for row in markup.get("inline_keyboard", ())
        for button in row
    }
    return Answer(method, message_id, str(data.get("text", data.get("caption", ""))), buttons)
