"""`set-tariff`, `payment`: the review fees, and where the money of a file is."""

from __future__ import annotations

import asyncio
import os
from datetime import date
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.common import load_settings, with_database
from bot.config.output import say
from bot.startup.errors import end_with_setting_error
from storage.enums import RequestKind

if TYPE_CHECKING:
    from sqlmodel import Session

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


def payment(
    code: Annotated[str, typer.Argument(help="the tracking code of the file, as the applicant names it")],
) -> None:
    """Print every attempt to pay for a file, with what the gateway's panel asks for. Changes nothing."""
    from bot.config.settings import BadSettingError
    from bot.rules.validators import normalise
    from bot.startup.checks import OLD_SCHEMA
    from storage.database.database import open_database
    from storage.migrations.migrate import current_is_head

    wanted = "".join(filter(str.isdigit, normalise(code)))
    settings = load_settings()

    async def work() -> list[str] | None:
        if _no_file(settings.database_url):
            raise BadSettingError("DATABASE_URL: there is no such file; correct the path")
        if not await current_is_head(settings.database_url):
            raise BadSettingError(OLD_SCHEMA)
        database = await open_database(settings.database_url)
        try:
            return await database.read(lambda db: _lines(db, wanted))
        finally:
            await database.close()

    lines = asyncio.run(work())
    if lines is None:
        end_with_setting_error(f"CODE: no file has the tracking code {wanted}")
    for line in lines:
        say(line)


def _no_file(database_url: str) -> bool:
    """Nothing is made where there is nothing."""
    from storage.database.database import asynchronous

    url = asynchronous(database_url)
    return url.get_backend_name() == "sqlite" and not os.path.exists(url.database or "")


def _lines(db: Session, code: str) -> list[str] | None:
    from bot.services.payments import history
    from bot.texts.formats import TEHRAN

    found = history.of_tracking_code(db, code)
    if found is None:
        return None
    request, records = found
    fee = f"fee {request.fee_rial:,} rial" if request.fee_rial is not None else "no fee is set"
    lines = [f"file {code}: {request.state}, {fee}, {len(records)} attempts to pay"]
    changes = history.changes_for_operator(db, request.id or 0)
    for record in records:
        attempt = record.attempt
        lines.append(
            f"payment {attempt.id}: {attempt.state}, {attempt.amount_rial:,} rial at {attempt.gateway}, "
            f"its reference there {attempt.ref or '–'}"
        )
        if attempt.bank_ref or attempt.card_masked:
            lines.append(
                f"  the bank's reference {attempt.bank_ref or '–'}, card {attempt.card_masked or '–'}"
            )
        lines += [
            f"  {change.at.astimezone(TEHRAN):%Y-%m-%d %H:%M:%S} {change.event.removeprefix('payment_')}"
            + (f" → {change.state}" if change.state is not None else "")
            for change in changes
            if change.attempt_id == attempt.id
        ]
        if attempt.next_check_at is not None:
            lines.append(
                f"  asked about again after {attempt.next_check_at.astimezone(TEHRAN):%Y-%m-%d %H:%M:%S} ({attempt.checks} looks so far)"
            )
        if attempt.refund_ref:
            lines.append(f"  given back under {attempt.refund_ref}")
    return lines
