"""`create_distributor-user`: accounts that are not made by registration."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.common import load_settings, with_database
from bot.config.output import say
from bot.startup.errors import end_with_setting_error
from storage.enums import Role

if TYPE_CHECKING:
    from sqlmodel import Session


def create_user(
    role: Annotated[Role, typer.Option(help="staff, expert, expert-in-charge or distributor")],
    name: Annotated[str, typer.Option(help="first and last name")] = "کاربر جدید",
    university: Annotated[str | None, typer.Option(help="code of the expert's university")] = None,
    distributor: Annotated[int | None, typer.Option(help="number of the manager's distributor")] = None,
    company: Annotated[str | None, typer.Option(help="name of a new company that the user manages")] = None,
    guild: Annotated[str | None, typer.Option(help="name of a new guild that the user manages")] = None,
    number: Annotated[str, typer.Option(help="the company's legal id, the guild's licence")] = "",
    province: Annotated[str, typer.Option(help="of the new distributor")] = "",
    city: Annotated[str, typer.Option(help="of the new distributor")] = "",
    address: Annotated[str, typer.Option(help="of the new distributor")] = "",
    mobile: Annotated[str | None, typer.Option(help="the manager's, for the SMS of terminations")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="print one JSON object")] = False,
) -> None:
    """Make an account; print its user code and password.

    A distributor's manager needs --distributor, or --company or --guild with --number, --province, --city, --address
    and --mobile, which make a distributor (in Tehran with --university)."""
    from bot.core.context import SYSTEM
    from bot.core.refusals import Refusal
    from bot.rules import validators
    from bot.security.passwords import Passwords
    from bot.services.accounts import experts
    from bot.services.distributors import registry
    from bot.texts import t
    from storage.enums import DistributorKind
    from storage.tables.column_types import utcnow

    if role in (Role.OFFICER, Role.SYSTEM):
        end_with_setting_error("--role: one of staff, expert, expert-in-charge, distributor")
    settings = load_settings()
    passwords = Passwords(weak=settings.cheap_password_hashes)
    password = passwords.make()
    hashed = passwords.hash_now(password)

    def unit(db: Session) -> tuple[str, int | None]:
        now = utcnow()
        if role is not Role.DISTRIBUTOR:
            made = experts.create_user(
                db, role=role, university_code=university, name=name, now=now, password_hash=hashed
            )
            return made.user_code, None
        firm_id = distributor
        if company or guild:
            details = registry.DistributorDetails(
                kind=DistributorKind.COMPANY if company else DistributorKind.GUILD,
                name=company or guild or "",
                number=number,
                manager_name=name,
                province=province,
                city=city,
                university=university,
                address=address,
                manager_mobile=mobile,
            )
            firm_id = registry.create_distributor(db, actor=SYSTEM, details=details, now=now).distributor.id
        if firm_id is None:
            raise Refusal("error.distributor_needed")
        made = experts.create_user(
            db,
            role=role,
            distributor_id=firm_id,
            name=validators.normalise(name),
            mobile=validators.mobile(mobile) if mobile else None,
            now=now,
            password_hash=hashed,
        )
        return made.user_code, firm_id

    try:
        user_code, firm_id = asyncio.run(with_database(settings, lambda database: database.run(unit)))
    except Refusal as refusal:
        end_with_setting_error(t(refusal.key, **refusal.args_of_text))
    if as_json:
        facts = {"user_code": user_code, "password": password, "role": role.value}
        say(json.dumps(facts | ({"distributor": firm_id} if firm_id is not None else {})))
    else:
        say(f"user code: {user_code}\npassword: {password}")
        if firm_id is not None:
            say(f"distributor: {firm_id}")
