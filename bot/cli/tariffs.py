"""`set-tariff`: the review fees."""

from __future__ import annotations

import asyncio
from datetime import date
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.common import load_settings, with_database
from bot.config.output import say
from bot.startup.errors import end_with_setting_error
from storage.enums import RequestKind

if TYPE_CHECKING:
    from storage.database.database import Database


def set_tariff(
    kind: Annotated[str, typer.Option(help="new or amendment")],
    rial: Annotated[int, typer.Option(help="amount in rial; 0 is free of charge")],
    valid_from: Annotated[
        str | None, typer.Option("--from", help="Jalali day (1405/10/01), or Gregorian (2026-12-22)")
    ] = None,
) -> None:
    """Set the review fee of a kind of request, from today on unless a day is given."""
    from bot.core.context import SYSTEM
    from bot.core.refusals import Refusal
    from bot.services.qualification import fees
    from bot.texts import t
    from bot.texts.formats import TEHRAN, jalali_day
    from storage.tables.column_types import utcnow

    if kind.upper() not in RequestKind.__members__:
        end_with_setting_error("--kind: new or amendment")
    now = utcnow()
    day = _day(valid_from) if valid_from is not None else now.astimezone(TEHRAN).date()

    async def work(database: Database) -> None:
        await database.run(
            lambda db: fees.set_tariff(
                db, kind=RequestKind(kind.upper()), amount_rial=rial, valid_from=day, actor=SYSTEM, now=now
            )
        )

    try:
        asyncio.run(with_database(load_settings(), work))
    except Refusal as refusal:
        end_with_setting_error(t(refusal.key, **refusal.args_of_text))
    say(f"{kind.lower()}: {rial:,} rial from {day} ({jalali_day(day)})")


def _day(typed: str) -> date:
    """One day, with its whole year: a tariff of the wrong century is not noticed."""
    from bot.rules.validators import normalise
    from bot.texts.dates import ImpossibleDate, NoDate, read_day

    try:
        reading = read_day(normalise(typed))
    except (NoDate, ImpossibleDate):
        reading = None
    if reading is None or len(reading.days) != 1:
        end_with_setting_error(
            f"--from: {typed} is not one day; write it as 1405/10/01 (Jalali) or 2026-12-22"
        )
    return reading.days[0]
