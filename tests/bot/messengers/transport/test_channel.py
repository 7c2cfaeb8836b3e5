"""Messages as they are written for a messenger: keyboards, pieces, links; how each messenger's channel is made; downloads."""

import json
from types import SimpleNamespace
from typing import Any

import pytest
from telegram.error import BadRequest, Forbidden, NetworkError, RetryAfter

from bot.core.refusals import FileRejected
from bot.core.screens import Button, Screen, button
from bot.messengers.transport import bale_updates
from bot.messengers.transport.aiohttp_request import AioRequest, DownloadTooLarge
from bot.messengers.transport.bale_request import BaleRequest, from_bale, shows_notices
from bot.messengers.transport.channel import (
    Channel,
    bot_number,
    call_method,
    contact_keyboard,
    edit_text,
    inline_keyboard,
    make_channel,
    send_text,
    shorten,
    split_text,
    utf16_units,
    without_links,
)
from bot.messengers.transport.telegram import ALLOWED_UPDATES
from bot.texts.words import BAR
from storage.enums import Messenger

TELEGRAM, BALE = Messenger.TELEGRAM, Messenger.BALE


class Server:
    """Keeps what was posted; each call ends as the test says."""

    def __init__(self, *results: Any) -> None:
        self.results = list(results)
        self.posted: list[tuple[str, dict[str, str]]] = []
        self.channel: Any = SimpleNamespace(api_url="https://x/bot1:y", request=self)

    async def post(self, url: str, fields: Any) -> Any:
        self.posted.append((url, fields.json_parameters))
        result = self.results.pop(0) if self.results else {"message_id": 9}
        if isinstance(result, Exception):
            raise result
        return result

    async def send(self, text: str, markup: Any = None) -> int | None:
        return await send_text(self.channel, 7, text, markup, caller=lambda call: call())


# -- keyboards -------------------------------------------------------------------------------------

PRESS, LINK, COPY = button("خانه", "home"), Button("سایت", url="https://x"), Button("کد", copy="123")
HOME = {"text": "خانه", "callback_data": "1|home|||"}
SITE = {"text": "سایت", "url": "https://x"}


def test_rows_of_buttons_are_turned_around_and_empty_ones_left_out() -> None:
    assert inline_keyboard(()) is None
    assert inline_keyboard(((PRESS, LINK), (), (COPY, Button("متن")))) == {
        "inline_keyboard": [
            [SITE, HOME],
            [{"text": "متن", "copy_text": {"text": "متن"}}, {"text": "کد", "copy_text": {"text": "123"}}],
        ]
    }


def test_of_a_message_without_links_the_rest_stays() -> None:
    copied = {"text": "کد", "copy_text": {"text": "123"}}
    assert without_links({"inline_keyboard": [[SITE, HOME], [SITE], [copied]]}) == (
        {"inline_keyboard": [[HOME]]},
        ["سایت: https://x"] * 2,
    )
    assert without_links({"inline_keyboard": [[SITE]]}) == (None, ["سایت: https://x"])
    assert without_links({"inline_keyboard": [[HOME]]}) == ({"inline_keyboard": [[HOME]]}, [])


def test_a_question_for_a_number_has_its_button_above_the_words() -> None:
    screen = Screen("؟", ((PRESS, Button("دو")), (), (Button("سه"),)), ask_contact="شماره")
    assert contact_keyboard(screen) == {
        "keyboard": [
            [{"text": "شماره", "request_contact": True}],
            [{"text": "دو"}, {"text": "خانه"}],
            [{"text": "سه"}],
        ],
        "resize_keyboard": True,
        "one_time_keyboard": False,
    }


# -- texts -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("", []),
        ("abcde", ["abcde"]),
        ("abcdef", ["abcde", "f"]),
        ("ab\ncdef", ["ab", "cdef"]),
        ("ab cd ef", ["ab", "cd ef"]),
        ("\nabcdef", ["\nabcd", "ef"]),
        ("ab\n\n\ncde", ["ab", "cde"]),
        ("😀😀😀", ["😀😀", "😀"]),
        ("ab\ncd ef", ["ab", "cd ef"]),
    ],
)
def test_pieces_of_five(text: str, pieces: list[str]) -> None:
    assert split_text(text, 5) == pieces


def test_quoted_words_stay_quoted_in_the_next_piece() -> None:
    words = f"{BAR}aaa bbb ccc"
    assert split_text(words, len(BAR) + 8) == [f"{BAR}aaa bbb", f"{BAR}ccc"]
    assert split_text(f"{BAR}aaa\nbbb", len(BAR) + 5) == [f"{BAR}aaa", "bbb"]
    assert split_text(f"{BAR}{'a' * 9}", len(BAR) + 5) == [f"{BAR}aaaaa", f"{BAR}aaaa"], "not cut at the mark"


@pytest.mark.parametrize(
    ("text", "short"), [("abcde", "abcde"), ("abcdef", "abcd…"), ("abc  f", "abc…"), ("😀😀😀", "😀😀…")]
)
def test_what_is_too_long_ends_in_an_ellipsis(text: str, short: str) -> None:
    assert shorten(text, 5) == short
    assert utf16_units(short) <= 5


# -- calls -----------------------------------------------------------------------------------------


async def test_a_call_carries_what_is_given_as_json() -> None:
    server = Server("done")
    assert await call_method(server.channel, "m", a="متن", b=5, c={"ن": 1}, d=None) == "done"
    assert server.posted == [("https://x/bot1:y/m", {"a": "متن", "b": "5", "c": '{"ن": 1}'})]


@pytest.mark.parametrize(
    ("answer", "number"), [({"message_id": 9}, 9), ({"message_id": 0}, None), ({}, None), (True, None)]
)
async def test_the_number_of_a_message(answer: Any, number: int | None) -> None:
    assert await Server(answer).send("سلام") == number


async def test_no_page_is_shown_below_a_link() -> None:
    server = Server()
    await server.send("سلام")
    await server.send("https://x", {"inline_keyboard": [[HOME]]})
    await edit_text(server.channel, 7, 9, "http://x", None)
    await edit_text(server.channel, 7, 9, "", {"inline_keyboard": []})
    off = '{"is_disabled": true}'
    assert [(url.rpartition("/")[2], fields) for url, fields in server.posted] == [
        ("sendMessage", {"chat_id": "7", "text": "سلام"}),
        (
            "sendMessage",
            {
                "chat_id": "7",
                "text": "https://x",
                "reply_markup": json.dumps({"inline_keyboard": [[HOME]]}, ensure_ascii=False),
                "link_preview_options": off,
            },
        ),
        (
            "editMessageText",
            {"chat_id": "7", "message_id": "9", "text": "http://x", "link_preview_options": off},
        ),
        (
            "editMessageReplyMarkup",
            {"chat_id": "7", "message_id": "9", "reply_markup": '{"inline_keyboard": []}'},
        ),
    ]


LINKS = {"inline_keyboard": [[SITE, HOME]]}


@pytest.mark.parametrize(
    ("error", "markup", "again"),
    [
        pytest.param(BadRequest("wrong URL"), LINKS, True, id="a link it takes for none"),
        pytest.param(BadRequest("chat not found"), LINKS, False, id="nobody there"),
        pytest.param(BadRequest("too long"), {"inline_keyboard": [[HOME]]}, False, id="no links"),
        pytest.param(BadRequest("too long"), None, False, id="no buttons"),
        pytest.param(BadRequest("too long"), {"remove_keyboard": True}, False, id="no inline buttons"),
        pytest.param(Forbidden("blocked"), LINKS, False, id="blocked"),
        pytest.param(RetryAfter(1), LINKS, False, id="later"),
        pytest.param(NetworkError("reset"), LINKS, False, id="line broken"),
    ],
)
async def test_links_that_are_refused_are_sent_as_text(error: Exception, markup: Any, again: bool) -> None:
    server = Server(error)
    if not again:
        with pytest.raises(type(error)):
            await server.send("سلام", markup)
        assert len(server.posted) == 1
        return
    assert await server.send("سلام", markup) == 9
    fields = server.posted[1][1]
    assert fields["text"] == "سلام\nسایت: https://x"
    assert json.loads(fields["reply_markup"]) == {"inline_keyboard": [[HOME]]}
    both = Server(error, error)
    with pytest.raises(BadRequest):
        await both.send("سلام", markup)


# -- channels --------------------------------------------------------------------------------------


def test_each_messengers_channel() -> None:
    telegram = make_channel(TELEGRAM, token="123:abc", api_url="https://api.telegram.org/")
    bale = make_channel(
        BALE, token="456:abc", api_url="https://tapi.bale.ai", link_url="https://l", chat_rate=0.5
    )
    assert (telegram.messenger, telegram.api_url) == (TELEGRAM, "https://api.telegram.org/bot123:abc")
    assert (bale.messenger, bale.api_url) == (BALE, "https://tapi.bale.ai/bot456:abc")
    assert (telegram.normalise, bale.normalise) == (None, bale_updates.normalise_update)
    assert (telegram.allowed_updates, bale.allowed_updates) == (ALLOWED_UPDATES, None)
    assert (telegram.bot_id, bale.bot_id) == (123, 456)
    assert (telegram.limiter.rate, bale.limiter.rate) == (1.0, 0.5)
    assert (telegram.link_url, bale.link_url) == ("https://t.me", "https://l")
    assert make_channel(BALE, token="1:a", api_url="https://x").link_url == "https://ble.ir"
    assert [telegram.shows_notices(ident) for ident in ("1", "2", None)] == [True, True, False]
    assert bale.shows_notices is shows_notices
    assert isinstance(telegram.request, AioRequest)
    assert isinstance(bale.request, BaleRequest)
    assert isinstance(bale.request.inner, AioRequest)
    assert (telegram.ready, telegram.bot.base_url) == (False, "https://api.telegram.org/bot123:abc")
    assert bale.bot.base_file_url == "https://tapi.bale.ai/file/bot456:abc"
    assert telegram.application.updater is None


@pytest.mark.parametrize(
    ("token", "number"),
    [("123:x", 123), (" 123 :x", 123), (f"{2**62 - 1}:x", 2**62 - 1), ("1" * 30, int("1" * 19))],
)
def test_the_number_of_a_bot(token: str, number: int) -> None:
    assert bot_number(token) == number


class Files:
    """A bot that knows one file, and a request that gives its bytes."""

    def __init__(self, size: int | None = 4, path: str | None = "p", content: Any = b"1234") -> None:
        self.size, self.path, self.content = size, path, content

    async def get_file(self, handle: str) -> Any:
        if isinstance(self.content, Exception) and self.path is None:
            raise self.content
        return SimpleNamespace(file_size=self.size, file_path=self.path)

    async def retrieve(self, path: str) -> Any:
        if isinstance(self.content, Exception):
            raise self.content
        return bytearray(self.content)

    async def download(self, limit: int = 4) -> bytes:
        fields: Any = dict.fromkeys(("normalise", "allowed_updates", "shows_notices", "link_url"))
        application: Any = SimpleNamespace(bot=self)
        return await Channel(TELEGRAM, application, self, "", **fields).download("h", limit=limit)


async def test_a_file_is_fetched() -> None:
    for size in (4, None):
        content = await Files(size).download()
        assert (type(content), content) == (bytes, b"1234")


@pytest.mark.parametrize(
    ("files", "key"),
    [
        (Files(size=5), "error.too_large"),
        (Files(size=None, content=b"12345"), "error.too_large"),
        (Files(content=DownloadTooLarge("x")), "error.too_large"),
        (Files(path=None, content=BadRequest("File is too big")), "error.too_large"),
        (Files(path=None), "error.download_failed"),
        (Files(path=""), "error.download_failed"),
        (Files(content=NetworkError("reset")), "error.download_failed"),
    ],
)
async def test_a_file_that_is_not_fetched_says_why(files: Files, key: str) -> None:
    with pytest.raises(FileRejected) as refused:
        await files.download()
    assert refused.value.key == key


# -- answers of Bale -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "body", "code", "words"),
    [
        (502, b"x" * 121, 502, "x" * 120),
        (400, b" plain ", 400, "plain"),
        (399, b"", 502, "empty answer"),
        (200, b'{"ok": false, "error_code": 399}', 400, "no description"),
        (200, b'{"ok": false, "error_code": 400, "description": "d"}', 400, "d"),
        (200, b'{"ok": false, "error_code": 599, "description": "d"}', 599, "d"),
        (200, b'{"ok": false, "error_code": 600, "description": "d"}', 400, "d"),
        (200, b'{"ok": false, "error_code": "5", "description": "d"}', 400, "d"),
        (400, b'{"ok": false, "error_code": 500, "description": "d"}', 400, "d"),
        (500, b'{"ok": true, "result": 1, "description": "d"}', 500, "d"),
        (300, b'{"ok": true, "result": 1, "error_code": 418, "description": "d"}', 418, "d"),
        (404, b'{"description": "d"}', 400, "Bad Request: d"),
    ],
)
def test_what_bale_says_in_words(status: int, body: bytes, code: int, words: str) -> None:
    found, answer = from_bale("sendMessage", status, body)
    assert (found, json.loads(answer)) == (code, {"ok": False, "error_code": code, "description": words})


async def test_connections_of_bale_are_opened_and_closed() -> None:
    events: list[str] = []

    async def note(what: str) -> None:
        events.append(what)

    inner: Any = SimpleNamespace(
        initialize=lambda: note("open"), shutdown=lambda: note("close"), read_timeout=5.0
    )
    request = BaleRequest(inner)
    await request.initialize()
    await request.shutdown()
    assert (events, request.read_timeout) == (["open", "close"], 5.0)
