"""The messengers' webhooks: the body goes, unread, to intake; 200 means that it is durable.

See docs/architecture.md, "The way of an update".
"""

import logging
from collections.abc import Mapping
from functools import partial
from typing import Protocol

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from bot.web.body import TooLong, read_body
from storage.enums import Messenger

log = logging.getLogger(__name__)

#: Bytes. Updates are some kilobytes; nothing larger is ours.
MAX_UPDATE = 1024 * 1024
SIGNATURE_HEADER = "X-Telegram-Bot-Api-Secret-Token"


class Webhooks(Protocol):
    """What takes updates in: `bot.messengers.intake.receiver.Intake`."""

    @property
    def paths(self) -> Mapping[str, Messenger]:
        """The long random last part of an address → whose updates come there."""
        ...

    async def accept_webhook(self, messenger: Messenger, body: bytes, secret: str | None = None) -> int:
        """The HTTP status to answer with."""
        ...


def is_hook(webhooks: Webhooks, path: str) -> bool:
    """Whether `path` is one that only the messengers know."""
    return webhooks.paths.get(path.rpartition("/")[2]) is not None


def hook_routes(webhooks: Webhooks) -> list[Route]:
    """POST /hook/<messenger>/<path>; 404 for every other path."""

    async def hook(messenger: Messenger, request: Request) -> Response:
        if webhooks.paths.get(request.path_params["path"]) is not messenger:
            return Response(status_code=404)
        try:
            body = await read_body(request, MAX_UPDATE)
        except TooLong:
            log.warning("an update of more than %s bytes was refused", MAX_UPDATE)
            return Response(status_code=413)
        except ClientDisconnect:
            return Response(status_code=400)
        status = await webhooks.accept_webhook(messenger, body, request.headers.get(SIGNATURE_HEADER))
        return Response(status_code=status)

    return [
        Route(f"/hook/{messenger}/{{path}}", partial(hook, messenger), methods=["POST"])
        for messenger in dict.fromkeys(webhooks.paths.values())
    ]
