"""Eighteen months of a directorate: who works there, whom the old system had, and what became of everybody."""

from __future__ import annotations

import csv
import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

import httpx
from sqlmodel import Session, select

from bot.cli.composition import open_resources
from bot.config.settings import Settings
from bot.core.context import SYSTEM, Actor
from bot.legacy_import.importer import LegacyImport
from bot.rules import validators
from bot.security.passwords import Passwords
from bot.services.accounts import experts
from bot.services.distributors import registry
from bot.services.qualification import fees
from bot.services.team import phrases
from bot.texts.formats import TEHRAN
from simulation import centres, qualification, schedule
from simulation.centres import Centre
from simulation.clock import StoryClock
from simulation.past import Past, University
from simulation.people import PLACES, Officer, People, company_number
from simulation.stories import Stories, Story
from storage.database.database import Database
from storage.enums import DistributorKind, RequestKind, Role
from storage.tables import Account, Distributor

_SEED = 1405
#: Of the old system: employed by a company, qualified and free, and with a file that was never approved.
_EMPLOYED, _FREE, _UNQUALIFIED = 70, 28, 14
_COMPANIES = (
    *("آریا طب نمونه", "پارس درمان نمونه", "سلامت‌گستر نمونه", "نوین تجهیز نمونه", "مهر طب نمونه"),
    *("البرز ایمپلنت نمونه", "توسن تشخیص نمونه", "رایان قلب نمونه", "ساحل ارتوپد نمونه", "کاوش آزمای نمونه"),
    *("دانا پزشک نمونه", "بهین دیالیز نمونه", "فراز اپتیک نمونه", "یکتا استریل نمونه"),
)
PHRASES = (
    "لطفاً تصویر خوانا و بدون سایه بارگذاری فرمایید.",
    "گواهی باید در شش ماه گذشته صادر شده باشد.",
    "مدرک تحصیلی با رشته اعلام‌شده همخوانی ندارد.",
)


@dataclass(frozen=True, slots=True)
class Player:
    """An account that a visitor plays, as the demo describes it. `story` of an officer: the `ends` of `reviewed`."""

    key: str
    role: Role
    first_name: str
    last_name: str
    mobile: str
    university: str | None = None
    national_code: str = ""
    gender: str = "female"
    company: str | None = None
    story: str = ""
    age: float = 3
    rounds: int = 0


@dataclass(slots=True)
class Login:
    user_code: str
    password: str


@dataclass(slots=True)
class History:
    """What `make` leaves behind: how the players log in, and stories that the rules ended early."""

    logins: dict[str, Login] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)


async def make(
    settings: Settings,
    database: Database,
    players: list[Player],
    *,
    until: datetime,
    clock: StoryClock,
    folder: Path,
    progress: Callable[[float], None] = lambda done: None,
) -> History:
    """Play everything up to `until` on a database that holds nothing but reference data. `clock` is this process' own
    (`clock.install`); `folder` takes the import file for a while."""
    history, passwords = History(), Passwords(weak=settings.cheap_password_hashes)
    made = {player.key: passwords.make() for player in players}
    hashes = {key: passwords.hash_now(password) for key, password in made.items()}
    public_url = settings.public_url or ""
    async with (
        open_resources(settings, database, public_url) as resources,
        httpx.AsyncClient(trust_env=False) as http,
    ):
        resources.clock = clock
        dice = Random(_SEED)
        stories = Stories(database, clock, until, dice)
        past = Past(resources, stories, People(_SEED), http, passwords.hash_now(passwords.make()))
        await past.store_samples()
        progress(0.05)
        await database.run(lambda db: _begin(db, past, players, hashes))
        await _import_old_system(past, folder)
        managers = await database.run(lambda db: _centres(db, past, players, hashes))
        progress(0.1)
        schedule.begin_all(past, managers)
        _begin_players(past, players, hashes, managers[0])
        await stories.run(lambda done: progress(0.1 + 0.88 * done))
        history.refused = stories.refused
        codes = await database.read(lambda db: _user_codes(db, players))
    history.logins = {key: Login(codes[key], password) for key, password in made.items()}
    progress(1.0)
    return history


def _begin(db: Session, past: Past, players: list[Player], hashes: dict[str, str]) -> None:
    """Tariffs, the directorate, and the universities' experts."""
    now = past.stories.now
    day = now.astimezone(TEHRAN).date()
    for kind, first, later in (
        (RequestKind.NEW, 4_200_000, 5_600_000),
        (RequestKind.AMENDMENT, 2_100_000, 2_800_000),
    ):
        for amount, begins in ((first, day), (later, day + timedelta(days=330))):
            fees.set_tariff(db, kind=kind, amount_rial=amount, valid_from=begins, actor=SYSTEM, now=now)
    for player in players:
        if player.role in (Role.STAFF, Role.EXPERT, Role.IN_CHARGE):
            _employ(
                db,
                past,
                player.role,
                player.university,
                f"{player.first_name} {player.last_name}",
                hashes[player.key],
            )
    for code in PLACES:
        university = past.universities.setdefault(code, University())
        if university.head is None:
            _employ(db, past, Role.IN_CHARGE, code, past.people.name(), past.nobody)
        for _ in range(2 if code in ("sums", "tums") else 1):
            _employ(db, past, Role.EXPERT, code, past.people.name(), past.nobody)
    for university in past.universities.values():
        assert university.head is not None
        for text in PHRASES:
            phrases.save_for_university(db, actor=university.head, text=text, now=now)


def _employ(
    db: Session, past: Past, role: Role, university: str | None, name: str, password_hash: str
) -> None:
    account = experts.create_user(
        db,
        role=role,
        university_code=university,
        name=name,
        now=past.stories.now,
        password_hash=password_hash,
    )
    actor = Actor(account.id, role, university)
    if university is None:
        past.staff = actor
        return
    there = past.universities.setdefault(university, University())
    if role is Role.IN_CHARGE:
        there.head = actor
    else:
        there.experts.append(actor)


async def _import_old_system(past: Past, folder: Path) -> None:
    """The officers and companies of the former portal, by the import of its file."""
    people, codes = past.people, sorted(PLACES)
    officers = [
        people.officer(codes[number % len(codes)]) for number in range(_EMPLOYED + _FREE + _UNQUALIFIED)
    ]
    path = folder / "old-system.csv"
    rows = [_row(past, number, officer) for number, officer in enumerate(officers)]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    report = folder / "old-system.report.csv"
    totals = await LegacyImport(past.resources.database, past.resources.passwords, SYSTEM).run(path, report)
    assert totals.created == len(rows), (totals, report.read_text("utf-8"))
    for used in (path, report):
        with suppress(OSError):
            os.unlink(used)
    await past.resources.database.run(lambda db: _note_imported(db, past, officers))


def _row(past: Past, number: int, officer: Officer) -> dict[str, str]:
    row = {
        "national_code": officer.national_code,
        "user_code": f"old{number:05}",
        "password": past.nobody,
        "first_name": officer.first_name,
        "last_name": officer.last_name,
        "birth_date": officer.born,
        "mobile": officer.mobile,
        "degree_level": officer.level,
        "field_of_study": officer.field,
        "father_name": officer.father,
        "gender": officer.gender,
        "province": officer.place.province,
        "city": officer.place.city,
        "university": officer.place.university,
        "postal_address": officer.address,
        "qualified": "no" if number >= _EMPLOYED + _FREE else "yes",
    }
    names = (
        *(
            "distributor_kind",
            "distributor_name",
            "distributor_id",
            "distributor_manager",
            "distributor_mobile",
        ),
        *("distributor_address", "distributor_province", "distributor_city", "distributor_university"),
        "contract_from",
    )
    row |= dict.fromkeys(names, "")
    if number < _EMPLOYED:
        company = number % len(_COMPANIES)
        place = list(PLACES.values())[company % len(PLACES)]
        row |= {
            "distributor_kind": "company",
            "distributor_name": _COMPANIES[company],
            "distributor_id": company_number(100 + company),
            "distributor_manager": f"مدیر {_COMPANIES[company]}",
            "distributor_mobile": f"09907{company:06}",
            "distributor_address": f"{place.city}، {place.streets[0]}، پلاک {company + 1}",
            "distributor_province": place.province,
            "distributor_city": place.city,
            "distributor_university": place.university,
            "contract_from": f"140{1 + number % 3}/{1 + number % 12:02}/15",
        }
    return row


def _note_imported(db: Session, past: Past, officers: list[Officer]) -> None:
    accounts = {account.national_code: account.id or 0 for account in db.exec(select(Account))}
    for number, officer in enumerate(officers):
        account_id = accounts[officer.national_code]
        past.officers.append(account_id)
        if _EMPLOYED <= number < _EMPLOYED + _FREE:
            past.free[account_id] = officer


def _centres(db: Session, past: Past, players: list[Player], hashes: dict[str, str]) -> list[Centre]:
    """A manager of every company; the first is the visitor's."""
    now, found = past.stories.now, list[Centre]()
    for player in players:
        if player.company is None:
            continue
        place = PLACES[player.university or "sums"]
        details = registry.DistributorDetails(
            kind=DistributorKind.COMPANY,
            name=player.company,
            number=company_number(99_999),
            manager_name=f"{player.first_name} {player.last_name}",
            province=place.province,
            city=place.city,
            address=f"{place.city}، {place.streets[1]}، پلاک ۲۰",
            manager_mobile=player.mobile,
        )
        distributor = registry.create_distributor(db, actor=SYSTEM, details=details, now=now).distributor
        found.append(_manager(db, past, distributor, place.university, player, hashes[player.key]))
    for distributor in db.exec(select(Distributor).order_by(Distributor.id)).all():  # type: ignore[arg-type]
        if all(centre.manager.distributor_id != distributor.id for centre in found):
            company = _COMPANIES.index(distributor.name)
            place = list(PLACES.values())[company % len(PLACES)]
            found.append(_manager(db, past, distributor, place.university))
    return found


def _manager(
    db: Session,
    past: Past,
    distributor: Distributor,
    university: str,
    player: Player | None = None,
    password_hash: str | None = None,
) -> Centre:
    mobile = player.mobile if player is not None else distributor.manager_mobile
    account = experts.create_user(
        db,
        role=Role.DISTRIBUTOR,
        distributor_id=distributor.id,
        name=f"{player.first_name} {player.last_name}" if player is not None else past.people.name(),
        mobile=validators.mobile(mobile) if mobile else None,
        now=past.stories.now,
        password_hash=password_hash or past.nobody,
    )
    return Centre(Actor(account.id, Role.DISTRIBUTOR, distributor_id=distributor.id), university)


def _begin_players(past: Past, players: list[Player], hashes: dict[str, str], asks: Centre) -> None:
    """Officers whom a visitor plays; experts and managers are there already."""
    for player in players:
        if player.role is Role.OFFICER:
            story = _played(past, player, hashes[player.key], asks)
            past.stories.tell(story, past.stories.ago(player.age + 14 + 6 * player.rounds))


def _played(past: Past, player: Player, password_hash: str, asks: Centre) -> Story:
    """A request of this officer, whose letters stay unread; once qualified, a company asks for an answer."""
    known = {
        "first_name": player.first_name,
        "last_name": player.last_name,
        "national_code": player.national_code,
        "mobile": player.mobile,
        "gender": player.gender,
    }
    actor, officer, _ = yield from qualification.reviewed(
        past,
        player.university or "sums",
        player.age,
        rounds=player.rounds,
        ends=player.story,
        known=known,
        password_hash=password_hash,
    )
    past.played.add(actor.account_id or 0)
    if past.free.pop(actor.account_id or 0, None) is not None:
        yield past.stories.ago(1)
        centres.ask(past, asks, officer)


def _user_codes(db: Session, players: list[Player]) -> dict[str, str]:
    """By name: nobody else of this past has the name of a player."""
    codes = {account.name: account.user_code for account in db.exec(select(Account))}
    return {player.key: codes[f"{player.first_name} {player.last_name}"] for player in players}
