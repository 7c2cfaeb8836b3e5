"""Staff write a letter: to whom, number, title, text, attachments, and the letter as its readers will see it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

from bot.application.routes import STAFF_ONLY
from bot.core.context import Turn
from bot.core.refusals import InvalidInput
from bot.core.screens import Press, Reply, Screen
from bot.messengers.transport.channel import utf16_units
from bot.rules import validators
from bot.services import accounts
from bot.services.letters import audience, counts, letters
from bot.services.letters.audience import Audience, Group, Kind, Reach
from bot.texts import formats, t
from bot.texts.answers import with_persian_digits
from bot.texts.written_text import written
from conversations.engine.declaration import Answers, Dialogue, Prompt, Step, UserInput
from conversations.questions import Attachments, Choice, Confirm, Text
from conversations.questions.choice import Option
from conversations.questions.text import TextQuestion
from storage.tables import Account, Letter, Officer

#: Context: letter.id of the one that is corrected, and how many each audience has. The area that is all provinces.
CORRECTS, COUNTS, EVERYWHERE = "_corrects", "_counts", "ALL"
_COUNTED_KINDS = frozenset({Kind.ALL.value, Kind.EXPERTS.value, Kind.MANAGERS.value})


def letter_text(*, number: str | None, title: str, text: str, files: int, date: datetime) -> str:
    """A letter as an officer reads it: plain text, whatever is in it."""
    lines = [t("letter.head", title=title)]
    if number:
        lines.append(t("letter.number", number=with_persian_digits(number)))
    lines += [t("letter.date", date=formats.jalali_day(date)), t("letter.from"), "", text]
    if files:
        lines += ["", t("letter.files", n=formats.digits(files))]
    return "\n".join(lines)


class LetterLine(Text):
    """A line of the letter, kept as its readers see it."""

    def __init__(self, min: int, max: int) -> None:
        super().__init__(min, max)
        self.in_sentences = True

    def parse(self, turn: Turn, text: str) -> str:
        return with_persian_digits(super().parse(turn, text))

    def format_answer(self, turn: Turn, step: Step, value: Any) -> str:
        return str(value)


class Body(TextQuestion):
    """The letter's text: it fits into one message together with its head."""

    in_sentences = True

    def parse(self, turn: Turn, text: str) -> str:
        text = with_persian_digits(written(text, lines=True))
        if not text:
            raise InvalidInput("error.letter_incomplete")
        over = utf16_units(text) - letters.TEXT_MAX
        if over > 0:
            most = formats.number(letters.TEXT_MAX)
            raise InvalidInput("error.letter_too_long", over=formats.number(over), max=most)
        return text


class OfficerCode(TextQuestion):
    """One officer, by national code or user code; the value is account.id."""

    def parse(self, turn: Turn, text: str) -> int:
        code = "".join(validators.normalise(text).split())
        for account in (accounts.by_national_code(turn.db, code), accounts.by_user_code(turn.db, code)):
            if account is not None and turn.db.get(Officer, account.id) is not None:
                assert account.id is not None
                return account.id
        raise InvalidInput("error.no_such_officer")

    def format_answer(self, turn: Turn, step: Step, value: Any) -> str:
        account = _account(turn, value)
        return account.name if account is not None else t("form.none")

    def is_compatible(self, turn: Turn, step: Step, answers: Answers, value: Any) -> bool:
        return _account(turn, value) is not None


class ThisOfficer(Confirm):
    """Shows whom the code belongs to."""

    def make_prompt(self, turn: Turn, step: Step, answers: Answers) -> Prompt:
        account = _account(turn, answers.get("letter_officer"))
        name = account.name if account is not None else t("form.none")
        code = formats.masked(account.national_code) if account and account.national_code else "–"
        return Prompt(
            t("ask.letter_officer_sure", name=name, code=code),
            super().make_prompt(turn, step, answers).choices,
            current=False,
        )


class NonEmptyGroup(Choice):
    """A group that is not empty now. Above the buttons stands how many each has, with a chat and without."""

    def __init__(self, means: Callable[[Answers, str], Audience], options: Any) -> None:
        super().__init__(options, columns=2)
        #: The audience of an option.
        self.means = means

    def make_prompt(self, turn: Turn, step: Step, answers: Answers) -> Prompt:
        prompt = super().make_prompt(turn, step, answers)
        shown = [choice for row in prompt.choices for choice in row if not choice.key.startswith("@")]
        known = self.counts(turn, answers, [choice.key for choice in shown])
        below = tuple(_count_line(choice.label, known[choice.key]) for choice in shown if choice.key in known)
        return replace(prompt, below=below)

    def counts(self, turn: Turn, answers: Answers, keys: list[str]) -> dict[str, Reach]:
        return {key: _reach(turn, self.means(answers, key)) for key in keys}

    def accept(self, turn: Turn, step: Step, answers: Answers, given: UserInput) -> Any:
        accepted = super().accept(turn, step, answers, given)
        if isinstance(accepted, str) and not _reach(turn, self.means(answers, accepted)).total:
            raise InvalidInput("error.no_recipients")
        return accepted


class AudienceKind(NonEmptyGroup):
    """Only kinds that need nothing more are counted."""

    def __init__(self) -> None:
        super().__init__(lambda answers, key: Audience(Kind(key)), _audience_kinds)

    def counts(self, turn: Turn, answers: Answers, keys: list[str]) -> dict[str, Reach]:
        return super().counts(turn, answers, [key for key in keys if key in _COUNTED_KINDS])

    def accept(self, turn: Turn, step: Step, answers: Answers, given: UserInput) -> Any:
        return Choice.accept(self, turn, step, answers, given)


class BySms(Confirm):
    """Whether who has no chat gets an SMS: how many, and what it costs."""

    def __init__(self) -> None:
        super().__init__("letters.sms_yes", "letters.sms_no")

    def make_prompt(self, turn: Turn, step: Step, answers: Answers) -> Prompt:
        reach = _reach(turn, chosen_audience(answers))
        n = formats.number(reach.by_sms)
        title = str(answers.get("letter_title") or "")
        parts = sms_parts(t("sms.wrapped", sentence=t("push.N9_sms", title=title), link=_LONG_LINK))
        lines = [t("ask.letter_sms", n=n, m=formats.number(reach.without_chat))]
        if price := turn.public_info.sms_price:
            cost = reach.by_sms * parts * price
            lines.append(
                t(
                    "letters.sms_cost",
                    amount=formats.number(cost),
                    toman=formats.toman(cost),
                    i=formats.digits(parts),
                )
            )
        return Prompt("\n".join(lines), super().make_prompt(turn, step, answers).choices, current=False)


#: As long as the links of the bot are.
_LONG_LINK = "https://t.me/" + "x" * 20


def sms_parts(text: str) -> int:
    """Parts of a Persian SMS: one of 70 letters, several of 67."""
    units = utf16_units(text)
    return 1 if units <= 70 else -(-units // 67)


def _reach(turn: Turn, to: Audience) -> Reach:
    """As it was counted when the letter was opened. One officer is looked at; so is who belongs to a draft that was begun
    before letters were counted."""
    counted = turn.draft.answers.get(COUNTS) if turn.draft is not None else None
    if counted is None or to.kind is Kind.ONE:
        return audience.reach(turn.db, actor=turn.actor, audience=to)
    return counts.found_in(counted, to)


def _count_line(label: str, reach: Reach) -> str:
    return t(
        "letters.count_line",
        what=label,
        n=formats.number(reach.total),
        i=formats.number(reach.with_chat),
        m=formats.number(reach.without_chat),
    )


def _account(turn: Turn, value: Any) -> Account | None:
    return turn.db.get(Account, value) if isinstance(value, int) else None


def _audience_kinds(turn: Turn, answers: Answers) -> list[Option]:
    return [(kind.value, t(f"audience.kind.{kind}")) for kind in Kind if kind is not Kind.CORRECTION]


def _provinces(turn: Turn, answers: Answers) -> list[Option]:
    return [(name, name) for name in audience.provinces(turn.db, actor=turn.actor)]


def _areas(turn: Turn, answers: Answers) -> list[Option]:
    return [(EVERYWHERE, t("audience.everywhere")), *_provinces(turn, answers)]


def _groups(turn: Turn, answers: Answers) -> list[Option]:
    return [(group.value, t(f"audience.short.{group}")) for group in Group]


def chosen_audience(answers: Answers) -> Audience:
    """Whom the answers mean."""
    if answers.get(CORRECTS):
        return Audience(Kind.CORRECTION, str(answers[CORRECTS]))
    kind = Kind(answers["letter_audience"])
    match kind:
        case Kind.ONE:
            return Audience(kind, str(answers["letter_officer"]))
        case Kind.PROVINCE:
            return Audience(kind, str(answers["letter_province"]))
        case Kind.STATE:
            return Audience(kind, str(answers["letter_state"]))
        case Kind.PROVINCE_STATE:
            return _in_province(answers, str(answers["letter_state"]))
        case Kind.EXPERTS | Kind.MANAGERS:
            return _with_role(answers, str(answers["letter_area"]))
    return Audience(kind)


def _in_province(answers: Answers, group: str) -> Audience:
    if answers.get("letter_audience") == Kind.PROVINCE_STATE:
        return Audience(Kind.PROVINCE_STATE, f"{answers['letter_province']}|{group}")
    return Audience(Kind.STATE, group)


def _with_role(answers: Answers, area: str) -> Audience:
    return Audience(Kind(answers["letter_audience"]), "" if area == EVERYWHERE else area)


def _is(*kinds: Kind) -> Any:
    return lambda turn, answers: answers.get("letter_audience") in kinds and not answers.get(CORRECTS)


def _is_new(turn: Turn, answers: Answers) -> bool:
    return not answers.get(CORRECTS)


def _has_sms(turn: Turn, answers: Answers) -> bool:
    """Somebody of the audience has no chat, but a mobile."""
    if "letter_title" not in answers or not (answers.get(CORRECTS) or "letter_audience" in answers):
        return False
    try:
        return _reach(turn, chosen_audience(answers)).by_sms > 0
    except KeyError:
        return False


def _after(turn: Turn, key: str, answers: dict[str, Any]) -> dict[str, Any]:
    """Not the one that was meant, or another code: asked again."""
    dropped: set[str] = set()
    if key == "letter_audience":
        dropped = {"letter_state", "letter_area", "letter_sms"}
    if key == "letter_officer":
        dropped = {"letter_officer_sure"}
    if key == "letter_officer_sure" and not answers[key]:
        dropped = {"letter_officer", "letter_officer_sure"}
    return {name: value for name, value in answers.items() if name not in dropped}


def _to_words(turn: Turn, answers: Answers) -> tuple[str, str]:
    """The audience in words, and how many they are."""
    to = chosen_audience(answers)
    words = audience.describe(turn.db, actor=turn.actor, audience=to)
    return words, formats.number(_reach(turn, to).total)


def letter_overview(turn: Turn, answers: Answers) -> str:
    """The letter as its readers will see it, and how many they are."""
    words, number = _to_words(turn, answers)
    lines = [t("letters.overview"), t("letters.overview_to", audience=words, n=number)]
    if answers.get("letter_sms"):
        n = _reach(turn, chosen_audience(answers)).by_sms
        lines.append(t("letters.overview_sms", n=formats.number(n)))
    return "\n".join(
        [
            *lines,
            t("letters.overview_line"),
            letter_text(
                number=answers["letter_number"],
                title=str(answers["letter_title"]),
                text=str(answers["letter_text"]),
                files=len(answers["letter_files"] or ()),
                date=turn.now,
            ),
        ]
    )


def _send_question(turn: Turn, answers: Answers) -> str:
    words, number = _to_words(turn, answers)
    return t("letters.really", title=answers["letter_title"], audience=words, n=number)


def _need_readers(turn: Turn, answers: dict[str, Any]) -> None:
    """Raises InvalidInput where nobody would get it."""
    if not _reach(turn, chosen_audience(answers)).total:
        raise InvalidInput("error.no_recipients")


def _send(turn: Turn, answers: dict[str, Any]) -> Reply:
    letter = letters.send_letter(
        turn.db,
        actor=turn.actor,
        to=chosen_audience(answers),
        number=answers["letter_number"],
        title=answers["letter_title"],
        text=answers["letter_text"],
        files=answers["letter_files"] or (),
        sms=bool(answers.get("letter_sms")),
        corrects_id=answers.get(CORRECTS),
        delay=turn.public_info.letter_delay,
        now=turn.now,
    )
    said = t("letters.sent_off")
    if letter.starts_at is not None:
        said = t("letters.sent_off_later", time=formats.jalali_time(letter.starts_at))
    return Reply((Screen(said),), goto=Press("staff.letter", letter.id or 0))


def correction_answers(letter: Letter) -> dict[str, Any]:
    """A letter's words as the first answers of the one that corrects it."""
    title = t("letters.correction_title", title=letter.title)
    return {
        CORRECTS: letter.id,
        "letter_number": letter.number,
        "letter_title": title if len(title) <= letters.TITLE_MAX else letter.title,
        "letter_text": letter.text,
        "letter_files": None,
    }


def _left(turn: Turn) -> Press:
    """The list, or the letter that is corrected."""
    corrected = turn.draft.answers.get(CORRECTS) if turn.draft is not None else None
    return Press("staff.letter", corrected) if corrected else Press("staff.letters")


def _discard(turn: Turn) -> None:
    """Nothing besides the draft: the attachments go with it."""


WRITE_LETTER = Dialogue(
    "letter",
    (
        Step("letter_audience", AudienceKind(), when=_is_new),
        Step("letter_officer", OfficerCode(), when=_is(Kind.ONE)),
        Step("letter_officer_sure", ThisOfficer("letters.this_officer"), when=_is(Kind.ONE)),
        Step(
            "letter_province",
            NonEmptyGroup(lambda answers, key: Audience(Kind.PROVINCE, key), _provinces),
            when=_is(Kind.PROVINCE, Kind.PROVINCE_STATE),
        ),
        Step("letter_state", NonEmptyGroup(_in_province, _groups), when=_is(Kind.STATE, Kind.PROVINCE_STATE)),
        Step("letter_area", NonEmptyGroup(_with_role, _areas), when=_is(Kind.EXPERTS, Kind.MANAGERS)),
        Step("letter_number", LetterLine(1, letters.NUMBER_MAX), optional=True),
        Step("letter_title", LetterLine(3, letters.TITLE_MAX)),
        Step("letter_text", Body()),
        Step(
            "letter_files",
            Attachments(t("field.letter_files"), letters.MAX_FILES, done="letters.files_done"),
            optional=True,
        ),
        Step("letter_sms", BySms(), when=_has_sms),
    ),
    _send,
    summary="letters.overview",
    overview=letter_overview,
    confirm="letters.send",
    second_question=_send_question,
    second_buttons="letters.really",
    obstacle=_need_readers,
    keeps_draft=True,
    discard=_discard,
    exit=_left,
    after=_after,
    roles=STAFF_ONLY,
)
