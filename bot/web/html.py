"""Pages as plain HTML: one template, one style, nothing from elsewhere. Every page goes out through
`page`."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from starlette.responses import HTMLResponse

from bot.texts import t
from bot.texts.formats import digits, jalali_day, number, toman

if TYPE_CHECKING:
    from jinja2 import Environment

STYLE = (Path(__file__).parent / "templates" / "style.css").read_text("utf-8").strip()
#: Sends a form on where a gateway wants to be posted to; a button does it without scripts.
SCRIPT = "document.forms[0].submit()"


@cache
def _templates() -> Environment:
    # 2 MB, before the first page.
    from jinja2 import Environment, PackageLoader, StrictUndefined

    templates = Environment(
        loader=PackageLoader("bot.web"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    templates.globals.update(
        t=t, number=number, toman=toman, digits=digits, jalali_day=jalali_day, style=STYLE, script=SCRIPT
    )
    return templates


def _source(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def security_headers(public_url: str) -> dict[str, str]:
    """Of every page. `strict-origin` lets the gateway see our domain (it asks for it) and never the token.

    form-action lets the browser follow the redirect to the gateway and on to a bank of its choice: any https,
    and plain http only where we are served so ourselves (demo)."""
    secure = urlsplit(public_url).scheme == "https"
    targets = "'self' https:" if secure else "'self' https: http:"
    headers = {
        "Content-Security-Policy": (
            f"default-src 'none'; style-src {_source(STYLE)}; script-src {_source(SCRIPT)}; "
            "img-src data:; "  # the empty icon, which spares the request for one
            f"form-action {targets}; base-uri 'none'; frame-ancestors 'none'"
        ),
        "Referrer-Policy": "strict-origin",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "X-Robots-Tag": "noindex, nofollow",
        "Cache-Control": "no-store",
    }
    if secure:
        headers["Strict-Transport-Security"] = "max-age=31536000"
    return headers


def page(template: str, public_url: str, *, status: int = 200, **values: Any) -> HTMLResponse:
    return HTMLResponse(
        _templates().get_template(template).render(**values),
        status_code=status,
        headers=security_headers(public_url),
    )
