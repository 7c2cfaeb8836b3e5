"""The messengers' webhooks: the body goes, unread, to intake; 200 means that it is durable (DESIGN 3)."""

import hmac
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from storage.states import Messenger

log = logging.getLogger(__name__)

#: Bytes. Updates are some kilobytes; nothing larger is ours.
MAX_UPDATE = 1024 * 1024
SIGNATURE_HEADER = "X-Telegram-Bot-Api-Secret-Token"

#: (messenger, body, secret header) → taken. False: not from the messenger (wrong secret).
Accept = Callable[[Messenger, bytes, str | None], Awaitable[bool]]


@dataclass(frozen=True, slots=True)
class Webhooks:
    """`paths`: the long random last part of the address that each messenger was told."""

    accept: Accept
    paths: Mapping[Messenger, str]


def hook_routes(webhooks: Webhooks) -> list[Route]:
    async def hook(messenger: Messenger, request: Request) -> Response:
        path = webhooks.paths[messenger]
        if not hmac.compare_digest(path.encode(), request.path_params["path"].encode()):
            return Response(status_code=404)
        body = bytearray()
        try:
            async for chunk in request.stream():
                body += chunk
                if len(body) > MAX_UPDATE:
                    log.warning("an update of more than %s bytes was refused", MAX_UPDATE)
                    return Response(status_code=413)
        except ClientDisconnect:
            return Response(status_code=400)
        try:
            taken = await webhooks.accept(messenger, bytes(body), request.headers.get(SIGNATURE_HEADER))
        except Exception:
            log.exception("an update from %s could not be kept", messenger)
            return Response(status_code=500)  # it will be sent again
        return Response(status_code=200 if taken else 403)

    return [
        Route(f"/hook/{messenger}/{{path}}", partial(hook, messenger), methods=["POST"])
        for messenger in webhooks.paths
    ]
