"""Reading a request's body up to a limit, whatever its headers say of its length."""

from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import Message

#: Fields of a form.
MAX_FIELDS = 50


class TooLong(Exception):
    """The body is longer than the limit."""


async def read_body(request: Request, limit: int) -> bytes:
    """The whole body. Raises TooLong past `limit` bytes, ClientDisconnect where it breaks off."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            raise TooLong
    return bytes(body)


async def read_form(request: Request, limit: int) -> dict[str, str]:
    """The fields of a posted form; empty where the body is none. Raises TooLong, ClientDisconnect."""
    body = await read_body(request, limit)

    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    try:
        form: FormData = await Request(request.scope, receive).form(max_files=0, max_fields=MAX_FIELDS)
    except (HTTPException, ValueError):
        return {}
    return {name: value for name, value in form.items() if isinstance(value, str)}
