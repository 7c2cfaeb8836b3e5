"""The file card: all data, documents, history, and what this expert may do with it.

See docs/specification.md 4.1, expert.file.
"""

from __future__ import annotations

from bot.application.routes import Routes
from bot.core.context import Turn
from bot.core.screens import Attachment, Press, Reply, Screen, button
from bot.services.qualification import review
from bot.services.review import rejection
from bot.texts import formats, t
from conversations.common.labels import Wording
from conversations.engine.engine import Engine
from handlers.common import request_card
from handlers.common.navigation import (
    ButtonRow,
    back_button,
    button_grid,
    home_button,
    navigation_row,
    truncate_lines,
)
from handlers.expert import cooperation, decisions, worklists
from handlers.expert.caution_banner import caution_lines
from handlers.expert.worklists import EXPERTS, REVIEWERS
from storage.enums import RequestState
from storage.tables import QualificationRequest


def routes(engine: Engine) -> Routes:
    """Everything of the expert's desk: routes that begin with "desk."."""
    table = Routes()
    table.include(worklists.routes(engine))
    table.include(decisions.routes(engine))
    table.include(cooperation.routes(engine))
    for action, decide in (
        ("desk.file", show_request),
        ("desk.full_request", show_full_request),
        ("desk.rounds", show_deficiency_rounds),
        ("desk.timeline", show_timeline),
        ("desk.documents", show_documents),
        ("desk.outcome", show_outcome),
    ):
        table.show(action, roles=REVIEWERS)(decide)
    table.act("desk.document", roles=REVIEWERS)(send_document)
    table.act("desk.all_documents", roles=REVIEWERS)(send_all_documents)
    return table


def show_request(turn: Turn, press: Press) -> Screen:
    """The file; of an amendment, what it changes. The national code is whole for the reviewing expert alone."""
    details = review.open_file(turn.db, actor=turn.actor, request_id=press.id)
    return Screen(
        _request_text(turn, details),
        (
            *decisions.action_rows(decisions.QUALIFICATION_VIEW, details.request, details.actions),
            *_view_rows(turn, details),
            *_other_screens_rows(turn, press.id),
        ),
    )


def show_full_request(turn: Turn, press: Press) -> Screen:
    """Everything in an amendment's file, also what it leaves as it is."""
    details = review.open_file(turn.db, actor=turn.actor, request_id=press.id)
    return Screen(_request_text(turn, details, whole=True), (navigation_row("desk.file", press.id),))


def _request_text(turn: Turn, details: review.RequestDetails, *, whole: bool = False) -> str:
    text = request_card.request_text(
        Wording.load(turn.db),
        details.request,
        owner=details.applicant,
        officer=details.officer,
        reviewer=details.reviewer,
        rounds=details.rounds,
        full_code=turn.actor.account_id == details.request.reviewer_id,
        now=turn.now,
        whole=whole,
        quality_warnings=details.quality_warnings,
    )
    banner = caution_lines(details.cautions)
    return truncate_lines([*banner, "", *text.split("\n")]) if banner else text


def _view_rows(turn: Turn, details: review.RequestDetails) -> list[ButtonRow]:
    request_id = details.request.id or 0
    row = [button(t("desk.full_request"), "desk.full_request", request_id)] if details.request.before else []
    row += [
        button(t("desk.documents"), "desk.documents", request_id),
        button(t("desk.timeline"), "desk.timeline", request_id),
    ]
    if len(details.rounds) > 1:
        row.append(button(t("desk.rounds"), "desk.rounds", request_id))
    if review.earlier_requests(turn.db, actor=turn.actor, request=details.request):
        row.append(button(t("desk.earlier"), "desk.person", details.request.account_id))
    return button_grid(row, columns=2)


def _other_screens_rows(turn: Turn, request_id: int) -> list[ButtonRow]:
    if turn.role not in EXPERTS:
        return [(button(t("staff_accounts.file_trail"), "staff.file_trail", request_id), home_button())]
    onward = (button(t("desk.next"), "desk.next", request_id), button(t("desk.queue"), "desk.queue"))
    return [onward, (button(t("desk.mine"), "desk.mine"), home_button())]


def show_deficiency_rounds(turn: Turn, press: Press) -> Screen:
    """Every declaration of deficiencies with its replies."""
    details = review.open_file(turn.db, actor=turn.actor, request_id=press.id)
    words = Wording.load(turn.db)
    lines = [t("desk.rounds_title", code=details.request.tracking_code or "")]
    for deficiency_round in reversed(details.rounds):
        lines += ["", *request_card.round_lines(words, deficiency_round)]
    return Screen(truncate_lines(lines), (navigation_row("desk.file", press.id),))


def show_timeline(turn: Turn, press: Press) -> Screen:
    """Who did what and when, with colleagues' names."""
    details = review.open_file(turn.db, actor=turn.actor, request_id=press.id)
    return Screen(
        request_card.timeline_text(turn.db, details.request, actor=turn.actor),
        (navigation_row("desk.file", press.id),),
    )


def show_documents(turn: Turn, press: Press) -> Screen:
    """The documents, one button each, and one for all."""
    details = review.open_file(turn.db, actor=turn.actor, request_id=press.id)
    rows = request_card.document_buttons(Wording.load(turn.db), details.request, "desk.document")
    if not rows:
        return Screen(t("desk.documents_none"), (navigation_row("desk.file", press.id),))
    everything = (button(t("desk.all_documents"), "desk.all_documents", press.id),)
    text = t("desk.documents_title", code=details.request.tracking_code or "")
    back_row = (back_button("desk.file", press.id, label="desk.file"), home_button())
    return Screen(text, (*rows, everything, back_row))


def send_document(turn: Turn, press: Press) -> Reply:
    """Send one document. An act, for every view is recorded (Q44)."""
    return _send_documents(turn, press.id, press.arg)


def send_all_documents(turn: Turn, press: Press) -> Reply:
    """Send every document of the file."""
    return _send_documents(turn, press.id, None)


def _send_documents(turn: Turn, request_id: int, asked: str | None) -> Reply:
    """The document that a button asked for (None: all), and the list again below it."""
    details = review.open_file(turn.db, actor=turn.actor, request_id=request_id)
    words, request = Wording.load(turn.db), details.request
    code = request.tracking_code or ""
    shown: list[Attachment] = []
    chosen = (
        request_card.documents_of(words, request)
        if asked is None
        else request_card.requested_document(words, request, asked)
    )
    for key, which, files in chosen:
        name = words.label(key)
        caption = "desk.document_caption_before" if which == request_card.OLD else "desk.document_caption"
        for number, file_id in enumerate(files, 1):
            review.view_document(
                turn.db, actor=turn.actor, request_id=request_id, file_id=file_id, now=turn.now
            )
            i, n = formats.digits(number), formats.digits(len(files))
            said = [t(caption, doc=name, code=code, i=i, n=n)]
            if warning := details.quality_warnings.get(file_id):
                said.append(t("desk.document_quality", why=t(f"quality_short.{warning}")))
            shown.append(Attachment(file_id, "\n".join(said)))
    screens = (Screen("", attachments=tuple(shown)),) if shown else ()
    return Reply(screens=screens, goto=Press("desk.documents", request_id), send_as_new=bool(shown))


def show_outcome(turn: Turn, press: Press) -> Screen:
    """What was decided, by whom and when, and the way to the next file; stands where the buttons were pressed."""
    decided = turn.memo.get(decisions.DECIDED)
    if isinstance(decided, QualificationRequest) and decided.id == press.id:
        details = review.details_of(turn.db, decided)
    else:
        details = review.open_file(turn.db, actor=turn.actor, request_id=press.id)
    request = details.request
    code = request.tracking_code or ""
    if request.state in (RequestState.SUBMITTED, RequestState.IN_REVIEW, RequestState.DRAFT):
        return show_request(turn, press)
    lines = [t(f"desk.outcome_{request.state}", code=code), t("desk.applicant", name=details.applicant.name)]
    if request.state is RequestState.DEFICIENT and details.rounds:
        lines += request_card.deficiency_lines(Wording.load(turn.db), details.rounds[-1])
    if request.reject_text:
        lines.append(t("desk.outcome_reason", reason=rejection.of_request(request)))
    if details.reviewer is not None and request.state is not RequestState.WITHDRAWN:
        when = formats.jalali_time(request.decided_at or request.state_since)
        lines.append(t("desk.outcome_by", by=details.reviewer.name, time=when))
    rows: list[ButtonRow] = []
    if turn.role in EXPERTS:
        waiting = review.waiting_beside(turn.db, request)
        if waiting:
            lines += ["", t("desk.outcome_waiting", n=formats.number(waiting))]
            rows.append((button(t("desk.next"), "desk.next", press.id),))
        rows.append((button(t("desk.queue"), "desk.queue"), button(t("desk.mine"), "desk.mine")))
    rows.append((back_button("desk.file", press.id, label="desk.file"), home_button()))
    return Screen(truncate_lines(lines), tuple(rows))
