"""What is taken of a posted body: fields of text, so many and no longer."""

from collections.abc import Iterable

import pytest
from starlette.requests import ClientDisconnect, Request
from starlette.types import Message

from bot.web.body import MAX_FIELDS, TooLong, read_body, read_form

FORM, PARTS = "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"


def posted(*chunks: bytes, kind: str = FORM, ends: bool = True) -> Request:
    messages: list[Message] = [{"type": "http.request", "body": chunk, "more_body": True} for chunk in chunks]
    messages.append({"type": "http.request", "body": b""} if ends else {"type": "http.disconnect"})

    async def receive() -> Message:
        return messages.pop(0)

    headers = [(b"content-type", kind.encode())]
    return Request({"type": "http", "app": None, "method": "POST", "headers": headers}, receive)


def parts(names: Iterable[str], **files: str) -> bytes:
    heads = [f'name="{name}"' for name in names]
    heads += [f'name="{name}"; filename="{file}"' for name, file in files.items()]
    return (
        "".join(f"--x\r\nContent-Disposition: form-data; {head}\r\n\r\nv\r\n" for head in heads).encode()
        + b"--x--\r\n"
    )


MOST = [f"f{number}" for number in range(MAX_FIELDS)]


@pytest.mark.parametrize(
    ("body", "kind", "fields"),
    [
        (b"Authority=A1&Status=OK", FORM, {"Authority": "A1", "Status": "OK"}),
        (b"", FORM, {}),
        (parts(["a", "b"]), PARTS, {"a": "v", "b": "v"}),
        (parts(["a"], file="a.pdf"), PARTS, {}),
        (parts(MOST), PARTS, dict.fromkeys(MOST, "v")),
        (parts([*MOST, "one"]), PARTS, {}),
        (b"nonsense", PARTS, {}),
        (b"a=b", "application/json", {}),
    ],
    ids=["a form", "nothing", "parts", "a file", "as many as are read", "one more", "nonsense", "no form"],
)
async def test_the_fields_of_a_form(body: bytes, kind: str, fields: dict[str, str]) -> None:
    assert await read_form(posted(body, kind=kind), 100_000) == fields


async def test_a_body_is_read_up_to_the_limit_or_not_at_all() -> None:
    assert await read_body(posted(b"12", b"345"), 5) == b"12345"
    with pytest.raises(TooLong):
        await read_body(posted(b"12", b"345", b"6"), 5)
    with pytest.raises(ClientDisconnect):
        await read_body(posted(b"12", ends=False), 5)
