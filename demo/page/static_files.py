"""Files of the page: read into memory, compressed, and revalidated by ETag so that a reload costs little."""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

STATIC = Path(__file__).parent / "static"
#: Files below this size travel in one packet anyhow, bytes.
_SMALLEST = 1024


@dataclass(frozen=True, slots=True)
class _Asset:
    modified: int
    content: bytes
    compressed: bytes | None
    kind: str
    tag: str


class StaticFiles:
    """Gives files of one folder; a file that is changed while the demo runs is read again."""

    def __init__(self, folder: Path = STATIC) -> None:
        self._folder = folder.resolve()
        self._assets: dict[Path, _Asset] = {}

    def _asset(self, name: str) -> _Asset:
        """Raises HTTPNotFound where the folder has no such file."""
        path = (self._folder / name).resolve()
        if not path.is_relative_to(self._folder) or not path.is_file():
            raise web.HTTPNotFound
        modified = path.stat().st_mtime_ns
        known = self._assets.get(path)
        if known is None or known.modified != modified:
            content = path.read_bytes()
            # Browsers refuse a module under another type, and a machine's own table may name another.
            kind = {".js": "text/javascript"}.get(path.suffix) or mimetypes.guess_type(name)[0]
            compressed = gzip.compress(content, 9, mtime=0) if len(content) > _SMALLEST else None
            tag = f'"{hashlib.sha256(content).hexdigest()[:20]}"'
            known = _Asset(modified, content, compressed, kind or "application/octet-stream", tag)
            self._assets[path] = known
        return known

    async def serve(self, request: web.Request) -> web.Response:
        return self.respond(request, request.match_info["name"])

    def respond(
        self, request: web.Request, name: str, extra_headers: dict[str, str] | None = None
    ) -> web.Response:
        asset = self._asset(name)
        headers = {
            "Cache-Control": "no-cache",
            "ETag": asset.tag,
            "Vary": "Accept-Encoding",
            "X-Content-Type-Options": "nosniff",
            **(extra_headers or {}),
        }
        if request.headers.get("If-None-Match") == asset.tag:
            return web.Response(status=304, headers=headers)
        body = asset.content
        if asset.compressed is not None and "gzip" in request.headers.get("Accept-Encoding", ""):
            body, headers["Content-Encoding"] = asset.compressed, "gzip"
        return web.Response(body=body, content_type=asset.kind, charset="utf-8", headers=headers)
