"""The parameters of one request: query string, form, multipart or JSON, with the Bot API's conversions."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from python_multipart.multipart import Field, File, create_form_parser

from demo.botapi.errors import ApiError, broken_rule


@dataclass(frozen=True, slots=True)
class Upload:
    name: str | None
    content: bytes
    mime: str | None


@dataclass(slots=True)
class Params:
    values: dict[str, Any] = field(default_factory=dict)
    uploads: dict[str, Upload] = field(default_factory=dict)
    is_json: bool = False

    @classmethod
    async def read(cls, request: web.Request) -> Params:
        """Raises ApiError 413 where the body is larger than the server takes, 400 where it is no JSON."""
        params = cls(dict(request.query))
        if not request.can_read_body:
            return params
        try:
            if request.content_type == "application/json":
                params.is_json = True
                body = json.loads(await request.text() or "{}")
                if not isinstance(body, dict):
                    raise broken_rule("object expected")
                params.values.update(body)
            elif request.content_type == "multipart/form-data":
                params._read_parts(request.headers["Content-Type"], await request.read())
            else:
                params.values.update(await request.post())
        except web.HTTPRequestEntityTooLarge as error:
            raise ApiError(413, "Request Entity Too Large", violation=True) from error
        except (ValueError, UnicodeDecodeError) as error:
            raise broken_rule("can't parse the request") from error
        return params

    def _read_parts(self, content_type: str, body: bytes) -> None:
        """Parts with a file name are uploads, whatever kind the others say they are. Raises ValueError."""

        def on_field(field: Field) -> None:
            self.values[(field.field_name or b"").decode()] = (field.value or b"").decode()

        def on_file(file: File) -> None:
            name = (file.file_name or b"").decode() or None
            file.file_object.seek(0)
            upload = Upload(name, file.file_object.read(), file.content_type)
            self.uploads[(file.field_name or b"").decode()] = upload

        headers = {"Content-Type": content_type.encode()}
        parser = create_form_parser(headers, on_field, on_file, {"MAX_BODY_SIZE": float("inf")})
        parser.write(body)
        parser.finalize()
        parser.close()

    @property
    def names(self) -> set[str]:
        """Parameters named, without the parts that another parameter attaches."""
        attached = {
            value.removeprefix("attach://") for value in self._strings() if value.startswith("attach://")
        }
        return set(self.values) | (set(self.uploads) - attached)

    def _strings(self) -> list[str]:
        strings = [value for value in self.values.values() if isinstance(value, str)]
        media = self.object("media", list) if "media" in self.values else None
        strings += [str(item.get("media", "")) for item in media or [] if isinstance(item, dict)]
        return strings

    def text(self, name: str) -> str | None:
        value = self.values.get(name)
        if value is None:
            return None
        if not isinstance(value, str):
            return str(value).lower() if isinstance(value, bool) else str(value)
        return value

    def integer(self, name: str, default: int | None = None) -> int | None:
        value = self.values.get(name)
        if value is None or value == "":
            return default
        try:
            return int(value)
        except (TypeError, ValueError) as error:
            raise broken_rule(f"parameter {name} must be an Integer") from error

    def flag(self, name: str) -> bool:
        return str(self.values.get(name, "")).lower() in ("true", "1", "yes")

    def object(self, name: str, kind: type) -> Any:
        """A JSON-serialized parameter (or the object itself in a JSON body)."""
        value = self.values.get(name)
        if value is None or value == "":
            return None
        if isinstance(value, str):
            try:
                value = json.loads(value)
            except ValueError as error:
                raise broken_rule(f"can't parse {name} JSON object") from error
        if not isinstance(value, kind):
            raise broken_rule(f"{name}: {'array' if kind is list else 'object'} expected")
        return value

    def file(self, name: str) -> Upload | str:
        """An upload, or the file id or URL given instead."""
        return self.resolve(self.uploads.get(name, self.values.get(name)))

    def resolve(self, value: Any) -> Upload | str:
        if isinstance(value, Upload):
            return value
        if isinstance(value, str) and value.startswith("attach://"):
            upload = self.uploads.get(value.removeprefix("attach://"))
            if upload is None:
                raise broken_rule("attached file not found")
            return upload
        if not isinstance(value, str) or not value:
            raise broken_rule("there is no file in the request")
        return value

    def summary(self) -> dict[str, Any]:
        """For the list of calls: values as given, files by name and size."""
        files = {
            name: f"<{upload.name}, {len(upload.content)} bytes>" for name, upload in self.uploads.items()
        }
        return {**self.values, **files}
