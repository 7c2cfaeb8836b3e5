"""The settings of `bot.py setup`, one step after the other: asked, tried, and only then written."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from pathlib import Path

from bot.config.output import say
from bot.config.redaction import Masking
from bot.config.settings import KEY_FILE, BadSettingError, Settings
from bot.doctor.finding import Because, Finding
from bot.setup import env_file
from bot.setup.asking import Asker
from bot.setup.steps import STEPS, Question, Step

#: What an installation begins with, and where every setting is explained.
EXAMPLE = Path(__file__).parents[2] / ".env.example"
_NAMES = frozenset(name.upper() for name in Settings.model_fields)
_ASKED = frozenset(question.name for step in STEPS for question in step.questions)


class SettingsWalk:
    """One run over all steps. `refused` are the lines of what was not accepted, in order."""

    def __init__(self, file: Path, asker: Asker, *, untried: bool = False) -> None:
        """`untried`: take what its service does not answer for now. Raises BadSettingError."""
        self.file = file
        self.refused: list[str] = []
        self._asker = asker
        self._untried = untried
        self._fixed = {name: os.environ[name] for name in sorted(_NAMES & os.environ.keys())}
        self._values = {name: value for name, value in env_file.read(file).items() if name in _NAMES}
        self._changes: dict[str, str] = {}
        self._leave_out_unreadable()

    async def run(self, others: Mapping[str, str]) -> None:
        """`others`: answers to settings that no step asks for. Writes accepted answers at once where a person answers, else
        all together, and only if none was refused. Raises BadSettingError, OSError."""
        for name, value in others.items():
            if name not in self._fixed:
                self._take_other(name, value)
        for step in STEPS:
            await self._take(step)
        settings = self._load({})
        if isinstance(settings, Finding):
            self.refused.append(f"{settings.name}: {settings.words}")
        else:
            self._keep(self._key_for_several(settings))
            try:
                settings.require_to_run()
            except BadSettingError as error:
                if not any(line.split(":")[0] == str(error).split(":")[0] for line in self.refused):
                    self.refused.append(str(error))
        if not self.refused or self._asker.interactive:
            self._write()

    def _leave_out_unreadable(self) -> None:
        """What stands in the file and cannot be read by itself is asked anew."""
        while True:
            finding = self._load({})
            if not isinstance(finding, Finding):
                return
            say(str(finding))
            if self._values.pop(finding.name, None) is None:
                raise BadSettingError(f"{finding.name}: {finding.words}")
            if finding.name not in _ASKED:
                self.refused.append(f"{finding.name}: {finding.words}")

    def _load(self, changes: Mapping[str, str]) -> Settings | Finding:
        """The settings as they would be, the environment above all; a finding where one is wrong in itself."""
        values = {**self._values, **self._changes, **changes, **self._fixed}
        given = {name.lower(): value for name, value in values.items() if value}
        emptied = {
            name.lower(): Settings.model_fields[name.lower()].default for name in values if not values[name]
        }
        try:
            return Settings.load(_env_file=None, **given, **emptied)
        except BadSettingError as error:
            name, _, words = str(error).partition(": ")
            return Finding(name, False, words)

    def _take_other(self, name: str, value: str) -> None:
        finding = self._load({name: value})
        if isinstance(finding, Finding) and finding.name == name:
            self._tell_refusal(finding)
            self.refused.append(f"{finding.name}: {finding.words}")
            return
        self.refused = [line for line in self.refused if not line.startswith(f"{name}:")]
        self._keep({name: value})

    async def _take(self, step: Step) -> None:
        while True:
            changes = self._ask(step)
            settings = self._load(changes)
            finding = settings if isinstance(settings, Finding) else await step.check(settings)
            if finding is None:
                self._keep(changes)
                return
            shown = Masking(settings.secrets() if isinstance(settings, Settings) else changes.values())
            if (
                finding.good
                or finding.because is Because.ATTENTION
                or self._untried_passes(step, changes, finding)
            ):
                say(shown.text(str(finding)))
                self._keep(changes)
                return
            self._tell_refusal(finding, shown)
            if not self._asker.goes_on(finding, changed=bool(changes)):
                continue
            if self._asker.interactive and changes:
                self._keep(changes)
            else:
                self.refused.append(shown.text(f"{finding.name}: {finding.words}"))
            return

    def _untried_passes(self, step: Step, changes: Mapping[str, str], finding: Finding) -> bool:
        """Nobody answered for it: taken where one said so, or where it stood before and is not changed."""
        if finding.because is not Because.SILENT:
            return False
        return self._untried or (not changes and any(self._values.get(one.name) for one in step.questions))

    def _ask(self, step: Step) -> dict[str, str]:
        """What is answered otherwise than it stands."""
        changes: dict[str, str] = {}
        for question in step.questions:
            standing = {**self._values, **self._changes, **changes, **self._fixed}
            if question.name in self._fixed:
                if self._asker.interactive and self._fixed[question.name]:
                    say(f"\n{question.name}: set by the environment, which wins over {self.file}")
                continue
            value = standing.get(question.name, "")
            answer = self._asker.ask(
                question.name,
                question.words,
                _shown(question, value),
                needed=question.asked(standing),
                secret=question.secret,
            )
            if answer is not None and answer.strip() != value:
                changes[question.name] = answer.strip()
        return changes

    def _tell_refusal(self, finding: Finding, shown: Masking | None = None) -> None:
        say((shown or Masking()).text(str(finding)))

    def _keep(self, changes: Mapping[str, str]) -> None:
        self._changes.update(changes)
        if self._asker.interactive:
            self._write()

    def _write(self) -> None:
        """What differs from the file, and nothing where nothing does."""
        changes = {
            name: value for name, value in self._changes.items() if value != self._values.get(name, "")
        }
        if not changes and self.file.exists():
            return
        example = EXAMPLE.read_text(encoding="utf-8") if EXAMPLE.exists() else ""
        env_file.write(self.file, changes, example=example)
        self._values.update(changes)

    def _key_for_several(self, settings: Settings) -> dict[str, str]:
        """Several machines must have the same key, so it stands in their common settings."""
        on_one_machine = settings.database_url.startswith("sqlite") and not settings.files_url.startswith(
            "s3://"
        )
        if on_one_machine or settings.secret_key is not None or KEY_FILE.exists():
            return {}
        return {"SECRET_KEY": secrets.token_hex(32)}


def _shown(question: Question, value: str) -> str | None:
    if not value:
        return None
    return "set" if question.secret else value


def other_settings(answers: Mapping[str, str], own: frozenset[str]) -> dict[str, str]:
    """Answers to settings that no step asks for; `own` are names of setup itself. Raises BadSettingError for a name that does not
    exist."""
    unknown = sorted(answers.keys() - _NAMES - own)
    if unknown:
        raise BadSettingError(f"{unknown[0]}: no setting has this name; .env.example has them all")
    return {name: value for name, value in answers.items() if name in _NAMES - _ASKED}
