"""`dialogues`: every screen of every dialogue, to look at in a browser."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bot.config.output import say


def dialogues(
    html: Annotated[Path, typer.Option(help="the folder to write into; it is made where it is missing")],
) -> None:
    """Write every screen of every dialogue as HTML pages, without a messenger and without the bot's
    database."""
    from conversations.catalogue import ALL
    from conversations.preview.html_pages import write_pages
    from storage.tables.column_types import utcnow

    index, *pages = write_pages(html, ALL, utcnow())
    say(f"{index} ({len(pages)} dialogues)")
