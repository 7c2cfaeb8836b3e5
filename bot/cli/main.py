"""Every command, in the order of `--help`."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Annotated

import typer

from bot.cli import (
    backups,
    checks,
    database,
    dialogues,
    documents,
    legacy_import,
    load_test,
    move,
    person,
    probe,
    run,
    setup,
    tariffs,
    users,
)
from bot.config import output
from bot.config.version import __version__
from bot.startup.errors import ReportingGroup, end_with_internal_error

app = typer.Typer(
    cls=ReportingGroup, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False
)


def _tell_version(wanted: bool) -> None:
    if wanted:
        output.say(__version__)
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_tell_version, help="print the version")
    ] = False,
) -> None:
    """The technical officer's bot."""


_COMMANDS: dict[str, Callable[..., None]] = {
    "setup": setup.setup,
    "run": run.run,
    "migrate": database.migrate,
    "check-migrations": database.check_migrations,
    "doctor": checks.doctor,
    "probe": probe.probe,
    "check-audit": checks.check_audit,
    "demo": run.demo,
    "dialogues": dialogues.dialogues,
    "create-user": users.create_user,
    "set-tariff": tariffs.set_tariff,
    "payment": tariffs.payment,
    "person": person.person,
    "import": legacy_import.import_file,
    "backup": backups.backup,
    "backup-key": backups.backup_key,
    "restore": backups.restore,
    "move": move.move,
    "rotate-key": documents.rotate_key,
    "key-id": documents.key_id,
    "retention": documents.retention,
    "rebuild-search-index": database.rebuild_search_index,
}
for _name, _command in _COMMANDS.items():
    app.command(_name)(_command)
# Not among the commands of `--help`: only for whoever tries out hardware (docs/operations.md).
app.command("load-test", hidden=True)(load_test.load_test)


def main() -> None:
    # Database, documents, keys, reports and backups are for the bot's own user, whatever the shell or systemd
    # says.
    os.umask(0o077)
    output.install()
    try:
        app()
    except Exception as error:
        end_with_internal_error(error)
