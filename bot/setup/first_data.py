"""What a service needs in its database before anybody can use it: the schema, a staff account, the tariffs."""

from __future__ import annotations

from dataclasses import dataclass

from sqlmodel import Session

from bot.config.output import say
from bot.config.settings import BadSettingError, Settings
from bot.core.context import SYSTEM
from bot.core.refusals import Refusal
from bot.doctor.service_data import count_staff
from bot.rules.validators import normalise
from bot.security.passwords import Passwords
from bot.services.accounts import experts
from bot.services.qualification import fees
from bot.setup.asking import Asker
from bot.startup.checks import OLD_SCHEMA, check_database_file
from bot.texts import t
from bot.texts.formats import TEHRAN
from storage.database.database import Database, asynchronous, open_database
from storage.enums import RequestKind, Role
from storage.migrations.migrate import current_is_head, is_empty, upgrade
from storage.migrations.seed import seed
from storage.tables.column_types import utcnow

STAFF = "STAFF_NAME"
#: Names of the answers, in rial.
TARIFFS = {RequestKind.NEW: "TARIFF_NEW", RequestKind.AMENDMENT: "TARIFF_AMENDMENT"}
NAMES = frozenset({STAFF, *TARIFFS.values()})


@dataclass(frozen=True, slots=True)
class NewAccount:
    user_code: str
    password: str


async def first_data(settings: Settings, asker: Asker) -> NewAccount | None:
    """Make what is not there; the account that was made, to be told once. Raises BadSettingError, DatabaseUnusable."""
    await _prepare(settings)
    database = await open_database(settings.database_url)
    try:
        await database.run(seed, lane="seed")
        for kind, name in TARIFFS.items():
            await _tariff(database, asker, kind, name)
        return await _staff(database, asker, settings)
    finally:
        await database.close()


async def _prepare(settings: Settings) -> None:
    """SQLite and an empty database are brought up to date; another one with data in it only by `migrate`."""
    await check_database_file(settings)
    url = settings.database_url
    if asynchronous(url).get_backend_name() == "sqlite" or await is_empty(url):
        await upgrade(url)
    elif not await current_is_head(url):
        raise BadSettingError(OLD_SCHEMA)


def read_amount(text: str) -> int:
    """Whole rial, in Persian or Latin digits, with or without marks between thousands. Raises ValueError."""
    return int("".join(sign for sign in normalise(text) if sign not in ",،٬. "))


def check_answers(answers: dict[str, str]) -> None:
    """Before anything is written. Raises BadSettingError."""
    for name in TARIFFS.values():
        if answers.get(name):
            _amount(name, answers[name])


def _amount(name: str, text: str) -> int:
    try:
        amount = read_amount(text)
    except ValueError:
        raise BadSettingError(f"{name}: is not a whole number of rial, for example 1500000") from None
    if amount and not fees.MIN_FEE <= amount <= fees.MAX_FEE:
        raise BadSettingError(
            f"{name}: must be 0 (free of charge) or {fees.MIN_FEE:,} to {fees.MAX_FEE:,} rial"
        )
    return amount


async def _tariff(database: Database, asker: Asker, kind: RequestKind, name: str) -> None:
    now = utcnow()
    day = now.astimezone(TEHRAN).date()
    row = await database.read(lambda db: fees.in_force(db, kind=kind, day=day))
    stands = row.amount_rial if row is not None else None
    amount = _ask_amount(asker, kind, name, stands)
    if amount is None and stands is None:
        mend = f"nothing can be approved before `bot.py set-tariff --kind {kind.value.lower()} --rial N`"
        say(f"✗ {name}: none is in force; {mend}")
        return
    if amount is not None and amount != stands:
        await database.run(
            lambda db: fees.set_tariff(
                db, kind=kind, amount_rial=amount, valid_from=day, actor=SYSTEM, now=now
            )
        )
    say(f"✓ {name}: {amount if amount is not None else stands:,} rial")


def _ask_amount(asker: Asker, kind: RequestKind, name: str, stands: int | None) -> int | None:
    """None: what stands remains."""
    words = f"review fee in rial of a{'n amendment' if kind is RequestKind.AMENDMENT else ' new request'}; 0 is free of charge"
    while True:
        answer = asker.ask(name, words, f"{stands:,}" if stands is not None else None, needed=True)
        if not answer:
            return None
        try:
            return _amount(name, answer)
        except BadSettingError as error:
            if not asker.interactive:
                raise
            say(f"✗ {error}")


async def _staff(database: Database, asker: Asker, settings: Settings) -> NewAccount | None:
    if count := await database.read(count_staff):
        say(f"✓ {STAFF}: {count} can log in as staff; `bot.py create-user --role staff` makes more")
        return None
    name = asker.ask(
        STAFF, "first and last name of the first person of the directorate's staff", None, needed=True
    )
    if not name or not name.strip():
        say(
            f"✗ {STAFF}: nobody can log in as staff; `bot.py create-user --role staff --name …` makes an account"
        )
        return None
    passwords = Passwords(weak=settings.cheap_password_hashes)
    password = passwords.make()
    hashed = passwords.hash_now(password)

    def unit(db: Session) -> str:
        return experts.create_user(
            db, role=Role.STAFF, name=name, now=utcnow(), password_hash=hashed
        ).user_code

    try:
        user_code = await database.run(unit)
    except Refusal as refusal:
        raise BadSettingError(f"{STAFF}: {t(refusal.key, **refusal.args_of_text)}") from None
    say(f"✓ {STAFF}: an account was made")
    return NewAccount(user_code, password)
