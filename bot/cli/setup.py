"""`setup`: from nothing to a bot that can be started."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from bot.cli.common import load_settings
from bot.config.output import say
from bot.config.settings import BadSettingError
from bot.startup.errors import REFUSED

ENV_FILE = Path(".env")


def setup(
    answers: Annotated[
        Path | None,
        typer.Option(help="NAME=value lines, - for standard input; asks nobody, what is not named remains"),
    ] = None,
    untried: Annotated[
        bool, typer.Option("--untried", help="take an answer whose service does not answer at the moment")
    ] = False,
) -> None:
    """Ask for what the bot needs, try each answer at once, and write `.env`; make the first staff account and the tariffs.

    A second run shows what stands and changes only what one changes. A file of answers takes every setting of .env.example,
    and STAFF_NAME, TARIFF_NEW, TARIFF_AMENDMENT (rial)."""
    from bot.config import logging_config
    from bot.setup import env_file, first_data
    from bot.setup.asking import AnswersFile, Asker, Terminal
    from bot.setup.walk import SettingsWalk, other_settings

    given: dict[str, str] = {}
    asker: Asker = Terminal()
    if answers is not None:
        given = env_file.parse(_text(answers))
        asker = AnswersFile(given)
        first_data.check_answers(given)
    elif not sys.stdin.isatty():
        raise BadSettingError("--answers: there is no terminal to ask at; name a file of answers")
    logging_config.set_up()
    others = other_settings(given, first_data.NAMES)

    async def work() -> first_data.NewAccount | None:
        walk = SettingsWalk(ENV_FILE, asker, untried=untried)
        await walk.run(others)
        if walk.refused:
            for line in walk.refused:
                print(line, file=sys.stderr, flush=True)  # noqa: T201
            raise SystemExit(REFUSED)
        settings = load_settings()
        settings.key()
        return await first_data.first_data(settings, asker)

    try:
        made = asyncio.run(work())
    except (KeyboardInterrupt, EOFError):
        say(f"\nended; what was accepted stands in {ENV_FILE}, and `{_command()} setup` goes on")
        raise SystemExit(1) from None
    if made is not None:
        # Told once, as by `create-user`: it is stored as a hash alone.
        say(f"user code: {made.user_code}\npassword: {made.password}")
    say(f"next: {_command()} doctor, then {_command()} run")


def _text(answers: Path) -> str:
    """Of the file, or of standard input."""
    from bot.config.settings import check_encoding

    if str(answers) == "-":
        return sys.stdin.read()
    if not answers.is_file():
        raise BadSettingError(f"--answers: there is no file {answers}")
    check_encoding(answers)
    if answers.stat().st_mode & 0o077:
        say(f"! {answers}: others can read it; remove it afterwards, or chmod 600")
    return answers.read_text(encoding="utf-8-sig")


def _command() -> str:
    """How this was called: by the installed wrapper (deploy/officer-bot), or as it is."""
    return os.environ.get("BOT_COMMAND") or f"{os.path.relpath(sys.executable)} bot.py"
