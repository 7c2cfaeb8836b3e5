"""The file card: all data, documents, history, and what this expert may do with it.

Whoever may take a file sees whose it is and takes it first; then come all its documents, each with what it must agree
with, and below them the rest of the data with the decisions. See docs/specification.md 2.2 and 4.1, expert.file.
"""

from __future__ import annotations

import contextlib
from operator import itemgetter

from bot.application.routes import Routes
from bot.core.context import Turn
from bot.core.refusals import NotAllowed
from bot.core.screens import Attachment, Button, Press, Reply, Screen, button
from bot.documents.library import shown_media_type
from bot.rules.qualification import QualificationAction
from bot.services import revocation
from bot.services.payments import history
from bot.services.qualification import review
from bot.services.qualification.requests import QUALIFICATION_WORKFLOW
from bot.services.review import rejection
from bot.services.review.held_decisions import HeldDecision, held
from bot.texts import formats, t
from conversations.common.labels import Wording
from conversations.engine.engine import Engine
from handlers.common import request_card, request_documents
from handlers.common.navigation import (
    ButtonRow,
    back_button,
    button_grid,
    home_button,
    navigation_row,
    truncate_lines,
)
from handlers.common.payment_lines import latest_line
from handlers.common.request_card import Extent
from handlers.expert import cooperation, decisions, find, next_file, worklists
from handlers.expert.banner import caution_lines, held_line, undo_button
from handlers.expert.next_file import left_lines
from handlers.expert.worklists import EXPERTS, QUALIFICATION_LISTS, REVIEWERS, list_back_rows
from handlers.team import notes
from storage.enums import RequestState
from storage.tables import QualificationRequest, StoredFile

_UNDECIDED = frozenset({RequestState.SUBMITTED, RequestState.IN_REVIEW, RequestState.DRAFT})
#: By the applicant, and by staff: not by the reviewer.
_DECIDED_BY_OTHERS = frozenset({RequestState.WITHDRAWN, RequestState.REVOKED})


def routes(engine: Engine) -> Routes:
    """Everything of the expert's desk: routes that begin with "desk."."""
    table = Routes()
    table.include(worklists.routes(engine))
    table.include(next_file.routes(engine))
    table.include(decisions.routes(engine))
    table.include(cooperation.routes(engine))
    table.include(find.routes(engine))
    for action, decide in (
        ("desk.file", show_request),
        ("desk.review", show_beside_documents),
        ("desk.full_request", show_full_request),
        ("desk.rounds", show_deficiency_rounds),
        ("desk.timeline", show_timeline),
        ("desk.documents", show_documents),
        ("desk.outcome", show_outcome),
    ):
        table.show(action, roles=REVIEWERS)(decide)
    table.act("desk.claim", roles=EXPERTS)(claim_request)
    table.act("desk.next_claim", roles=EXPERTS)(claim_next)
    table.act("desk.document", roles=REVIEWERS)(send_document)
    table.act("desk.all_documents", roles=REVIEWERS)(send_all_documents)
    table.act("desk.original", roles=REVIEWERS)(send_originals)
    return table


def show_request(turn: Turn, press: Press) -> Screen:
    """The file; of an amendment, what it changes. Whoever may take it sees whose it is, and takes it before anything is
    decided. The national code is whole for the reviewing expert alone."""
    details = review.open_file(turn.db, actor=turn.actor, request_id=press.id)
    next_file.note_place(QUALIFICATION_LISTS, turn, press.id)
    may_claim = QualificationAction.CLAIM in details.actions
    return _card(turn, details, Extent.HEADING if may_claim else Extent.CARD)


def show_beside_documents(turn: Turn, press: Press) -> Screen:
    """Below the documents of a file: what their captions do not say, and the decisions. The whole card for everybody
    but the reviewer."""
    details = review.open_file(turn.db, actor=turn.actor, request_id=press.id)
    if not _decides(turn, details):
        return show_request(turn, press)
    return _card(turn, details, Extent.BESIDE_DOCUMENTS)


def _card(turn: Turn, details: review.RequestDetails, extent: Extent) -> Screen:
    request_id = details.request.id or 0
    said, to_notes = notes.on_card(turn, notes.QUALIFICATION, request_id)
    # Staff are asked where the money is.
    latest = (
        history.latest_of_request(turn.db, actor=turn.actor, request_id=request_id)
        if turn.role not in EXPERTS
        else None
    )
    rows = (
        *decisions.action_rows(decisions.QUALIFICATION_VIEW, details.request, details.actions),
        *decisions.revoke_row(details),
        *_view_rows(turn, details, extent, to_notes),
        *([(button(t("payments_staff.button"), "staff.file_payments", request_id),)] if latest else []),
        *_other_screens_rows(turn, request_id),
    )
    text = _request_text(turn, details, extent)
    said = [*said, *latest_line(latest)]
    if (why := revocation.refused_because(turn.db, actor=turn.actor, request=details.request)) is not None:
        said = [*said, "", t("desk.revoke_refused", why=t(why))]
    return Screen(truncate_lines([*text.split("\n"), *said]) if said else text, rows)


def show_full_request(turn: Turn, press: Press) -> Screen:
    """Everything in a file, also what an amendment leaves as it is."""
    details = review.open_file(turn.db, actor=turn.actor, request_id=press.id)
    return Screen(_request_text(turn, details, Extent.WHOLE), (navigation_row("desk.file", press.id),))


def _request_text(turn: Turn, details: review.RequestDetails, extent: Extent) -> str:
    text = request_card.request_text(
        Wording.load(turn.db),
        details.request,
        owner=details.applicant,
        officer=details.officer,
        reviewer=details.reviewer,
        rounds=details.rounds,
        full_code=_reviews(turn, details),
        now=turn.now,
        extent=extent,
        quality_warnings=details.quality_warnings,
    )
    banner = [*held_line(turn.db, details.request), *caution_lines(details.cautions)]
    return truncate_lines([*banner, "", *text.split("\n")]) if banner else text


def _reviews(turn: Turn, details: review.RequestDetails) -> bool:
    """Whether the reader is the reviewer, who sees the whole national code."""
    return turn.actor.account_id == details.request.reviewer_id


def _decides(turn: Turn, details: review.RequestDetails) -> bool:
    """Whether the reader is the reviewer and may decide now."""
    return _reviews(turn, details) and bool(details.actions & set(decisions.QUALIFICATION_VIEW.decisions))


def _view_rows(
    turn: Turn, details: review.RequestDetails, extent: Extent, to_notes: Button
) -> list[ButtonRow]:
    request_id = details.request.id or 0
    row = []
    if details.request.before or extent is not Extent.CARD:
        row.append(button(t("desk.full_request"), "desk.full_request", request_id))
    if _decides(turn, details):
        row.append(button(t("desk.all_documents"), "desk.all_documents", request_id))
    row += [
        button(t("desk.documents"), "desk.documents", request_id),
        button(t("desk.timeline"), "desk.timeline", request_id),
    ]
    if len(details.rounds) > 1:
        row.append(button(t("desk.rounds"), "desk.rounds", request_id))
    if review.earlier_requests(turn.db, actor=turn.actor, request=details.request):
        row.append(button(t("desk.earlier"), "desk.person", details.request.account_id))
    row.append(to_notes)
    return button_grid(row, columns=2)


def _other_screens_rows(turn: Turn, request_id: int) -> list[ButtonRow]:
    back = list_back_rows(turn)
    if turn.role not in EXPERTS:
        return [
            *back,
            (button(t("staff_accounts.file_trail"), "staff.file_trail", request_id), home_button()),
        ]
    onward = (button(t("desk.next"), "desk.next", request_id), button(t("desk.queue"), "desk.queue"))
    return [onward, *back, (button(t("desk.mine"), "desk.mine"), home_button())]


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
    words = Wording.load(turn.db)
    rows = request_documents.document_buttons(words, details.request, "desk.document", details.rounds)
    if not rows:
        return Screen(t("desk.documents_none"), (navigation_row("desk.file", press.id),))
    everything = (button(t("desk.all_documents"), "desk.all_documents", press.id),)
    text = t("desk.documents_title", code=details.request.tracking_code or "")
    back_row = (back_button("desk.file", press.id, label="desk.file"), home_button())
    if press.arg:  # of the document that was sent above
        original = button(t("desk.original"), "desk.original", press.id, arg=press.arg)
        rows = [(original,), *rows]
    return Screen(text, (*rows, everything, back_row))


def claim_request(turn: Turn, press: Press) -> Reply:
    """Take a file: all its documents come, and the decisions stand below them."""
    QUALIFICATION_WORKFLOW.claim(
        turn.db, actor=turn.actor, request_id=press.id, version=press.version, now=turn.now
    )
    details = review.open_file(turn.db, actor=turn.actor, request_id=press.id)
    return _with_documents(turn, details, None, Press("desk.review", press.id), notice=t("desk.claimed"))


def claim_next(turn: Turn, press: Press) -> Reply:
    """Take the next file of the list that one came from, with all its documents; it is opened where somebody has it."""
    following = next_file.next_file(QUALIFICATION_LISTS, turn, press.id)
    if following is None or following.request.state is not RequestState.SUBMITTED:
        return next_file.open_next(QUALIFICATION_LISTS, turn, press)
    request = following.request
    next_file.note_place(QUALIFICATION_LISTS, turn, request.id or 0)
    return claim_request(turn, Press("desk.claim", request.id or 0, request.version))


def send_document(turn: Turn, press: Press) -> Reply:
    """Send one document, and the list again below it. An act, for every view is recorded (Q44)."""
    details = review.open_file(turn.db, actor=turn.actor, request_id=press.id)
    return _with_documents(turn, details, press.arg, Press("desk.documents", press.id))


def send_originals(turn: Turn, press: Press) -> Reply:
    """Send the pictures of one document as they were uploaded, as files: what is shown is smaller and without metadata."""
    details = review.open_file(turn.db, actor=turn.actor, request_id=press.id)
    words = Wording.load(turn.db)
    attachments = []
    for group in request_documents.requested_document(words, details.request, press.arg, details.rounds):
        for file_id in group.files:
            with contextlib.suppress(NotAllowed):  # of a PDF there is none
                review.view_document(
                    turn.db,
                    actor=turn.actor,
                    request_id=press.id,
                    file_id=file_id,
                    now=turn.now,
                    original=True,
                )
                caption = t("desk.original_caption", doc=words.label(group.item))
                attachments.append(Attachment(file_id, caption, "original"))
    screens = (Screen("", attachments=tuple(attachments)),) if attachments else ()
    return Reply(screens=screens, goto=Press("desk.documents", press.id), send_as_new=bool(attachments))


def send_all_documents(turn: Turn, press: Press) -> Reply:
    """Send every document of the file; below them, the decisions for whoever may decide, else the list again."""
    details = review.open_file(turn.db, actor=turn.actor, request_id=press.id)
    below = "desk.review" if _decides(turn, details) else "desk.documents"
    return _with_documents(turn, details, None, Press(below, press.id))


def _with_documents(
    turn: Turn, details: review.RequestDetails, asked: str | None, below: Press, *, notice: str | None = None
) -> Reply:
    """The document that a button asked for (None: all), and the screen `below` them. Pictures come before PDFs, so that
    each kind is one album; a document stands beside the one that it replaces."""
    words, request = Wording.load(turn.db), details.request
    groups = (
        request_documents.documents_of(words, request, details.rounds)
        if asked is None
        else request_documents.requested_document(words, request, asked, details.rounds)
    )
    shown: list[tuple[bool, Attachment]] = []
    for group in groups:
        said = request_documents.captions(
            words,
            request,
            group,
            owner=details.applicant,
            officer=details.officer,
            full_code=_reviews(turn, details),
            quality_warnings=details.quality_warnings,
        )
        for file_id, caption in zip(group.files, said, strict=True):
            file = review.view_document(
                turn.db, actor=turn.actor, request_id=below.id, file_id=file_id, now=turn.now
            )
            shown.append(_shown(file, caption, as_picture=asked is None))
            if asked is not None and file.media_type != "application/pdf" and file.removed_at is None:
                below = Press(below.action, below.id, arg=asked)
    shown.sort(key=itemgetter(0))
    attachments = tuple(attachment for _, attachment in shown)
    screens = (Screen("", attachments=attachments),) if attachments else ()
    return Reply(screens=screens, goto=below, notice=notice, send_as_new=bool(attachments))


def _shown(file: StoredFile, caption: str, *, as_picture: bool) -> tuple[bool, Attachment]:
    """Whether it is sent as a file, and what is sent: of a PDF among all documents a picture of its first page."""
    is_pdf = shown_media_type(file) == "application/pdf"
    told = file.remarks.split(",") if file.remarks else []
    lines = [caption, *(t(f"desk.remark_{remark}") for remark in told if remark not in ("unlocked", "fonts"))]
    if is_pdf and as_picture and file.preview_key is not None:
        if "fonts" in told:
            lines.append(t("desk.remark_fonts"))
        lines.append(t("desk.first_page", n=formats.digits(file.pages or 1)))
        return False, Attachment(file.id or 0, "\n".join(lines), "preview")
    return is_pdf, Attachment(file.id or 0, "\n".join(lines))


def show_outcome(turn: Turn, press: Press) -> Screen:
    """What was decided, by whom and when, and the way to the next file; stands where the buttons were pressed."""
    decided = turn.memo.get(decisions.DECIDED)
    if isinstance(decided, QualificationRequest) and decided.id == press.id:
        details = review.details_of(turn.db, decided)
    else:
        details = review.open_file(turn.db, actor=turn.actor, request_id=press.id)
    request = details.request
    code = request.tracking_code or ""
    decision = held(request)
    if decision is None and request.state in _UNDECIDED:
        return show_request(turn, press)
    what = request.state if decision is None else decision.action
    lines = [t(f"desk.outcome_{what}", code=code), t("desk.applicant", name=details.applicant.name)]
    if decision is not None:
        return _held_outcome(turn, details, decision, lines)
    if request.state is RequestState.DEFICIENT and details.rounds:
        lines += request_card.deficiency_lines(Wording.load(turn.db), details.rounds[-1])
    if request.reject_text:
        lines.append(t("desk.outcome_reason", reason=rejection.of_request(request)))
    if details.reviewer is not None and request.state not in _DECIDED_BY_OTHERS:
        when = formats.jalali_time(request.decided_at or request.state_since)
        lines.append(t("desk.outcome_by", by=details.reviewer.name, time=when))
    left, rows = _onward(turn, request)
    return Screen(truncate_lines(lines + left), tuple(rows))


def _held_outcome(
    turn: Turn, details: review.RequestDetails, decision: HeldDecision, lines: list[str]
) -> Screen:
    """What was decided, and until when it can be undone."""
    request, words = details.request, Wording.load(turn.db)
    lines += request_card.decision_lines(words, decision)
    until = formats.clock(decision.until)
    lines += held_line(turn.db, request)
    left, rows = _onward(turn, request)
    if turn.actor.account_id == decision.actor.account_id:
        lines.append(t("desk.undo_until", until=until))
        rows.insert(0, (undo_button(request, "desk."),))
    return Screen(truncate_lines(lines + left), tuple(rows))


def _onward(turn: Turn, request: QualificationRequest) -> tuple[list[str], list[ButtonRow]]:
    """How many files the list has left and which is the next, and the buttons that lead there."""
    left, rows = list[str](), list[ButtonRow]()
    request_id = request.id or 0
    if turn.role in EXPERTS:
        following = next_file.next_file(QUALIFICATION_LISTS, turn, request_id)
        if following is not None:
            left = left_lines(turn, QUALIFICATION_LISTS, following)
            row = [button(t("desk.next"), "desk.next", request_id)]
            if following.request.state is RequestState.SUBMITTED:
                row.append(button(t("desk.next_claim"), "desk.next_claim", request_id))
            rows.append(tuple(row))
        rows.append((button(t("desk.queue"), "desk.queue"), button(t("desk.mine"), "desk.mine")))
    rows.append((back_button("desk.file", request_id, label="desk.file"), home_button()))
    return left, rows
