"""Databases of many officers, made once by `bot.py load-test`, and copies of them to run on."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import sqlite3
import subprocess
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from alembic.script import ScriptDirectory

from bot.operations import load_test, row_writer
from bot.services.review.working_days import is_working_day
from bot.texts.formats import TEHRAN
from storage.migrations.migrate import FOLDER
from tests.benchmarks.bots import OURS, PROJECT, settings

SMALL = 1_000
#: A person's chat has their id behind this number.
_FIRST_CHAT = 500_000_000
#: The newest rows are so much older than the moment at which the service is looked at.
BEFORE = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Filled:
    """A copy that may be written."""

    path: Path
    officers: int
    #: Seconds that the clock of the bot is ahead: a quarter of an hour after the newest rows, ten on a working morning.
    ahead: float
    #: Chats of Telegram, by role.
    officer_chats: tuple[int, ...]
    expert_chat: int
    staff_chat: int
    #: What may be searched for.
    tracking_code: str
    national_code: str

    @property
    def url(self) -> str:
        return f"sqlite:///{self.path}"

    def on_the_next_working_day(self) -> Filled:
        """The same, with a day's work due for every job."""
        now = datetime.now(UTC)
        moment = now + timedelta(seconds=self.ahead + 3600)
        return replace(self, ahead=(_morning_after(moment) - now).total_seconds())


def filled(cache: Path, folder: Path, officers: int) -> Filled:
    """A copy in `folder` of what is kept in `cache`; made there first where it is not there yet."""
    head = ScriptDirectory(str(FOLDER)).get_current_head()
    maker = b"".join(Path(str(module.__file__)).read_bytes() for module in (load_test, row_writer))
    kept = cache / f"officers-{officers}-{head}-{hashlib.sha256(maker).hexdigest()[:8]}.db"
    if not kept.exists():
        making = kept.with_suffix(".making")
        for old in cache.glob(f"officers-{officers}-*"):
            old.unlink()
        print(f"making a database of {officers:,} officers, once …", flush=True)
        now = datetime.now(UTC)
        ahead = (_morning_after(now) - BEFORE - now).total_seconds()
        env = settings(folder, f"sqlite:///{making}") | {"PATH": os.environ["PATH"], "TELEGRAM_TOKEN": "7:x"}
        command = [*OURS, "load-test", str(officers)]
        subprocess.run(
            command,
            cwd=PROJECT,
            env=env | {"CLOCK_AHEAD": str(ahead)},
            check=True,
            stdout=subprocess.DEVNULL,
        )
        making.rename(kept)
    path = folder / f"officers-{officers}.db"
    shutil.copyfile(kept, path)
    made = _described(path, officers)
    if officers == SMALL:
        _fill_pages(made)
    return made


def _fill_pages(made: Filled) -> None:
    """What waits anywhere waits in the university of the expert who is looked at, and what is under review is theirs: their lists
    have full pages, as on a large database, and what is compared is how rows are found, not how many are shown."""
    expert = made.expert_chat - _FIRST_CHAT
    with contextlib.closing(sqlite3.connect(made.path)) as db, db:
        db.execute(
            "UPDATE qualification_request SET university_code = (SELECT university_code FROM role_grant WHERE account_id = ?), "
            "reviewer_id = CASE WHEN state = 'IN_REVIEW' THEN ? END WHERE state IN ('SUBMITTED', 'IN_REVIEW')",
            (expert, expert),
        )


def _described(path: Path, officers: int) -> Filled:
    with sqlite3.connect(path) as db:

        def column(statement: str) -> list[object]:
            return [row[0] for row in db.execute(statement)]

        def chats(role: str, most: int) -> list[int]:
            found = column(
                f"SELECT chat_id FROM chat WHERE messenger = 'telegram' AND role = '{role}' ORDER BY id LIMIT {most}"
            )
            return [int(str(chat)) for chat in found]

        newest = datetime.fromisoformat(str(column("SELECT max(at) FROM audit_event")[0])).replace(tzinfo=UTC)
        # Of a file under review in the university of this expert.
        (expert,) = chats("expert", 1)
        of_expert = f"SELECT university_code FROM role_grant WHERE account_id = {expert - _FIRST_CHAT}"
        (code,) = column(
            f"SELECT tracking_code FROM qualification_request WHERE university_code = ({of_expert}) "
            "AND state = 'IN_REVIEW' LIMIT 1"
        )
        return Filled(
            path,
            officers,
            (_morning_after(newest) - datetime.now(UTC)).total_seconds(),
            tuple(chats("officer", 200)),
            expert,
            chats("staff", 1)[0],
            str(code),
            str(column(f"SELECT national_code FROM account WHERE id = {officers // 2 + 7}")[0]),
        )


def _morning_after(newest: datetime) -> datetime:
    day = newest.astimezone(TEHRAN).replace(hour=10, minute=0, second=0)
    while day < newest or not is_working_day(day.date()):
        day += timedelta(days=1)
    return day
