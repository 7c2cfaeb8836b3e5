"""The officer's request: menu, tracking, documents, paying, withdrawal (docs/specification.md 4.1, 4.3)."""

from __future__ import annotations

from dataclasses import replace

from sqlmodel import Session, col, select

from bot.application.resources import Resources
from bot.application.routes import READS_SUSPENDED, Routes
from bot.core.context import Turn
from bot.core.incoming import Incoming
from bot.core.refusals import NotAllowed
from bot.core.screens import Attachment, Button, Press, Reply, Screen, button
from bot.rules.qualification import QualificationAction, allowed_actions
from bot.services import payments, qualification
from bot.services.officers import card
from bot.services.payments import PAYMENT_CHECKS, PaymentCheck
from bot.services.payments.receipts import receipts_of
from bot.services.qualification import completion, requests
from bot.services.review import routing
from bot.services.review.standing import standing_of
from bot.texts import t
from conversations.common.labels import Wording, contact_lines, is_document
from conversations.engine.engine import Engine
from conversations.officer.deficiency_response import first_answers as fix_answers
from conversations.officer.qualification import first_answers as form_answers
from handlers.common import request_card, request_documents
from handlers.common.navigation import ButtonRow, back_button, home_button, navigation_row
from storage.enums import AccountState, RequestKind, RequestState, Role
from storage.tables import Chat, QualificationRequest

OFFICER = (Role.OFFICER,)
#: Of tracking in the chat that asked for the payment: it says what N7 says to the others.
_PAID = "paid"
_ENDED = frozenset({RequestState.REJECTED, RequestState.WITHDRAWN, RequestState.REVOKED})
#: The university may be asked about it.
_WAITS_THERE = frozenset(
    {RequestState.SUBMITTED, RequestState.IN_REVIEW, RequestState.DEFICIENT, RequestState.REJECTED}
)


def routes(engine: Engine) -> Routes:
    """Routes that begin with "qual"."""
    table = Routes()
    for action, decide in (
        ("qual", show_qualification),
        ("qual.track", show_tracking),
        ("qual.timeline", show_timeline),
        ("qual.documents", show_documents),
    ):
        table.show(action, roles=OFFICER, suspended=READS_SUSPENDED)(decide)
    table.show("qual.withdraw", roles=OFFICER)(ask_withdraw)
    table.show("qual.discard", roles=OFFICER)(ask_discard)
    table.act("qual.document", roles=OFFICER, suspended=READS_SUSPENDED)(send_document)
    table.act("qual.discard_do", roles=OFFICER)(discard_draft)
    table.act("qual.check_pay", roles=OFFICER, prepare=prepare_payment_check, suspended=READS_SUSPENDED)(
        check_payment
    )

    table.commands["status"] = Press("qual.track")

    @table.act("qual.new", roles=OFFICER)
    def new(turn: Turn, press: Press) -> Reply:
        """Begin a request (R4, R24)."""
        request = qualification.start_draft(turn.db, actor=turn.actor, now=turn.now)
        reply = fill_in(turn, request)
        return replace(reply, screens=(Screen(t("qual.new_intro")), *reply.screens))

    @table.act("qual.amend", roles=OFFICER)
    def amend(turn: Turn, press: Press) -> Reply:
        """Begin an amendment (R5): the approved file, opened on its summary."""
        request = qualification.start_draft(
            turn.db, actor=turn.actor, now=turn.now, kind=RequestKind.AMENDMENT
        )
        reply = fill_in(turn, request)
        return replace(reply, screens=(Screen(t("qual.amend_begin")), *reply.screens))

    @table.act("qual.draft", roles=OFFICER)
    def draft(turn: Turn, press: Press) -> Reply:
        """Go on with the draft."""
        request = qualification.current_open(turn.db, account_id_of(turn))
        if request is None or request.state is not RequestState.DRAFT:
            return Reply(goto=Press("qual"))
        return fill_in(turn, request)

    @table.act("qual.fix", roles=OFFICER)
    def fix(turn: Turn, press: Press) -> Reply:
        """Resolve the declared deficiencies (R8, R21)."""
        request = own_request(turn, press)
        assert request.id is not None
        if QualificationAction.RESOLVE not in actions_now(turn, request):
            engine.drop(turn, "fix", request.id)
            return Reply(goto=Press("qual.track", request.id), notice=t("error.stale"))
        return engine.start(turn, "fix", subject_id=request.id, answers=fix_answers(turn.db, request))

    @table.act("qual.withdraw_do", roles=OFFICER)
    def withdraw_do(turn: Turn, press: Press) -> Reply:
        """Give the request up, and what was begun to fix it."""
        qualification.withdraw(
            turn.db, actor=turn.actor, request_id=press.id, version=press.version, now=turn.now
        )
        engine.drop(turn, "fix", press.id)
        return Reply(goto=Press("qual.track", press.id), notice=t("qual.withdrawn"))

    def fill_in(turn: Turn, request: QualificationRequest) -> Reply:
        assert request.id is not None
        answers = form_answers(turn.db, request)
        return engine.start(turn, "qualification", subject_id=request.id, answers=answers)

    return table


def account_id_of(turn: Turn) -> int:
    assert turn.account is not None
    assert turn.account.id is not None
    return turn.account.id


def own_request(turn: Turn, press: Press) -> QualificationRequest:
    """The request that a button names, or the latest where it names none. Raises NotAllowed for another
    officer's."""
    if press.id:
        return qualification.own(turn.db, actor=turn.actor, request_id=press.id)
    request = qualification.latest(turn.db, actor=turn.actor)
    if request is None:
        raise NotAllowed
    return request


def is_active(turn: Turn) -> bool:
    """Whether the officer may do anything; who is suspended only reads."""
    return turn.account is not None and turn.account.state is AccountState.ACTIVE


def actions_now(turn: Turn, request: QualificationRequest) -> frozenset[QualificationAction]:
    """What the officer may do with it now; nothing while suspended."""
    if not is_active(turn):
        return frozenset()
    return allowed_actions(requests.case_of(turn.db, request), turn.actor)


def show_qualification(turn: Turn, press: Press) -> Screen:
    """Where the qualification stands, and what can be done about it. An amendment has a line of its own:
    whatever comes of it, its officer stays qualified (Q2, Q16)."""
    latest = qualification.latest(turn.db, actor=turn.actor)
    qualified = qualification.is_qualified(turn.db, account_id_of(turn))
    state = latest.state if latest is not None else "none"
    status = t(f"status.{RequestState.COMPLETED if qualified else state}")
    lines, rows = [t("qual.menu", status=status)], list[ButtonRow]()
    if latest is not None and latest.kind is RequestKind.AMENDMENT:
        lines.append(t("qual.amendment", status=t(f"status.{state}")))
    if latest is not None and latest.state is RequestState.DRAFT:
        lines.append(t("sentence.DRAFT"))
        rows += _draft_rows(latest) if is_active(turn) else []
    elif latest is not None:
        rows.append((button(t("qual.track"), "qual.track", latest.id or 0),))
    if (intro := _start_offer(turn)) is not None:
        text, begin = intro
        lines += ["", text]
        rows.append((begin,))
    if turn.account is not None and card.may_have(turn.db, account=turn.account):
        rows.append((button(t("card.button"), "card"), button(t("certificate.button"), "certificate")))
    if receipts_of(turn.db, actor=turn.actor):
        rows.append((button(t("receipts.button"), "receipts"),))
    rows.append((button(t("qual.general"), "general"),))
    return Screen("\n".join(lines), (*rows, (home_button(),)))


def _start_offer(turn: Turn) -> tuple[str, Button] | None:
    """What a new request or an amendment means, and the button that begins it, whichever may be begun now."""
    if not is_active(turn):
        return None
    if qualification.may_start(turn.db, actor=turn.actor):
        again = qualification.latest(turn.db, actor=turn.actor) is not None
        return t("qual.new_intro"), button(t("qual.again" if again else "qual.new"), "qual.new")
    if qualification.may_start(turn.db, actor=turn.actor, kind=RequestKind.AMENDMENT):
        return t("qual.amend_intro"), button(t("qual.amend"), "qual.amend")
    return None


def _draft_rows(request: QualificationRequest) -> list[ButtonRow]:
    assert request.id is not None
    return [
        (button(t("resume.qualification"), "qual.draft", request.id),),
        (button(t("form.discard"), "qual.discard", request.id, request.version),),
    ]


def show_tracking(turn: Turn, press: Press) -> Screen:
    """The latest status of a request (R7), and every way on from it."""
    if not press.id and qualification.latest(turn.db, actor=turn.actor) is None:
        begins = _start_offer(turn)
        rows = [(begins[1],)] if begins is not None else []
        return Screen(t("sentence.none"), (*rows, navigation_row("qual")))
    request = own_request(turn, press)
    assert request.id is not None
    standing = standing_of(turn.db, actor=turn.actor, request=request, now=turn.now)
    waits = request.state is RequestState.SUBMITTED and request.university_code is not None
    attempt = payments.latest(turn.db, request_id=request.id)
    text = request_card.tracking_text(
        Wording.load(turn.db),
        request,
        last_round=qualification.open_round(turn.db, request),
        attempt=attempt,
        expert_missing=waits and not routing.has_active_expert(turn.db, request.university_code or ""),
        standing=standing,
        now=turn.now,
    )
    if request.state in _WAITS_THERE:
        text = "\n".join([text, *contact_lines(routing.contact_of(turn.db, request.university_code))])
    if press.arg == _PAID and request.state is RequestState.COMPLETED:
        paid = completion.completed_sentence(request, attempt.bank_ref if attempt is not None else None)
        text = f"{paid}\n\n{text}"
    return Screen(text, (*_action_rows(turn, request), navigation_row("qual")))


def _action_rows(turn: Turn, request: QualificationRequest) -> list[ButtonRow]:
    assert request.id is not None
    may, rows = actions_now(turn, request), list[ButtonRow]()
    if QualificationAction.SUBMIT in may or QualificationAction.EDIT in may:
        return _draft_rows(request)
    if QualificationAction.RESOLVE in may:
        rows.append((button(t("fix.button"), "qual.fix", request.id, request.version),))
    if request.state is RequestState.AWAITING_PAYMENT and request.pay_token:
        rows += [
            (payments.pay_button(turn.public_info, request),),
            (button(t("pay.check"), "qual.check_pay", request.id),),
        ]
    paid = request.state is RequestState.COMPLETED or (
        request.state is RequestState.REVOKED
        and any(one.request_id == request.id for one in receipts_of(turn.db, actor=turn.actor))
    )
    if paid and request.fee_rial:
        rows.append((button(t("receipt.button"), "receipts.send", request.id),))
    if (
        request.state in _ENDED
        and is_active(turn)
        and qualification.may_start(turn.db, actor=turn.actor, kind=request.kind)
    ):
        amends = request.kind is RequestKind.AMENDMENT
        rows.append((button(t("qual.again"), "qual.amend" if amends else "qual.new"),))
    views = [button(t("qual.timeline"), "qual.timeline", request.id)]
    if any(is_document(key) and files for key, files in (*request.snapshot.items(), *request.before.items())):
        views.append(button(t("qual.documents"), "qual.documents", request.id))
    rows.append(tuple(views))
    if request.tracking_code:
        rows.append((Button(t("qual.copy_code"), copy=request.tracking_code),))
    if QualificationAction.WITHDRAW in may:
        rows.append((button(t("qual.withdraw"), "qual.withdraw", request.id, request.version),))
    return rows


def show_timeline(turn: Turn, press: Press) -> Screen:
    """Who did what and when, as the officer may know it."""
    request = own_request(turn, press)
    return Screen(
        request_card.timeline_text(turn.db, request, actor=turn.actor),
        (navigation_row("qual.track", request.id or 0),),
    )


def show_documents(turn: Turn, press: Press) -> Screen:
    """The documents of a request, one button each."""
    request = own_request(turn, press)
    rows = request_documents.document_buttons(Wording.load(turn.db), request, "qual.document")
    text = t("qual.documents_title") if rows else t("desk.documents_none")
    return Screen(text, (*rows, navigation_row("qual.track", request.id or 0)))


def send_document(turn: Turn, press: Press) -> Reply:
    """One of the officer's own documents, as the experts see it; the list follows below it."""
    request = own_request(turn, press)
    words = Wording.load(turn.db)
    again = Press("qual.documents", request.id or 0)
    shown = tuple(
        Attachment(file_id, words.label(group.item))
        for group in request_documents.requested_document(words, request, press.arg)
        for file_id in group.files
    )
    if not shown:
        return Reply(goto=again)
    return Reply(screens=(Screen("", attachments=shown),), goto=again, send_as_new=True)


def ask_withdraw(turn: Turn, press: Press) -> Screen:
    """The second question before giving a request up."""
    request = own_request(turn, press)
    assert request.id is not None
    if QualificationAction.WITHDRAW not in actions_now(turn, request):
        return show_tracking(turn, Press("qual.track", request.id))
    return Screen(
        t("qual.withdraw_confirm", code=request.tracking_code),
        (
            (button(t("qual.withdraw_do"), "qual.withdraw_do", request.id, press.version),),
            (back_button("qual.track", request.id, label="nav.no"),),
        ),
    )


def ask_discard(turn: Turn, press: Press) -> Screen:
    """The second question before deleting a draft."""
    request = own_request(turn, press)
    assert request.id is not None
    if QualificationAction.DISCARD not in actions_now(turn, request):
        return show_qualification(turn, Press("qual"))
    return Screen(
        t("qual.discard_confirm"),
        (
            (button(t("qual.discard_do"), "qual.discard_do", request.id, request.version),),
            (back_button("qual", label="nav.no"),),
        ),
    )


def discard_draft(turn: Turn, press: Press) -> Reply:
    qualification.discard(turn.db, actor=turn.actor, request_id=press.id, version=press.version, now=turn.now)
    return Reply(goto=Press("qual"), notice=t("qual.discarded"))


async def prepare_payment_check(
    resources: Resources, incoming: Incoming, press: Press
) -> PaymentCheck | None:
    """Ask the gateway about the request's payment, for its owner only."""

    def is_owner(db: Session) -> bool:
        query = (
            select(QualificationRequest.id)
            .join(Chat, col(Chat.account_id) == col(QualificationRequest.account_id))
            .where(
                QualificationRequest.id == press.id,
                Chat.messenger == incoming.messenger,
                Chat.chat_id == incoming.chat_id,
            )
        )
        return db.exec(query).first() is not None

    if not await resources.database.read(is_owner):
        return None
    return await payments.check_request(resources, press.id)


def check_payment(turn: Turn, press: Press) -> Reply:
    """«بررسی پرداخت»: what the bank said, and tracking as it is now."""
    request = own_request(turn, press)
    checked = turn.prepared
    goto = Press("qual.track", request.id or 0)
    if checked is None:
        return Reply(goto=goto)
    done = checked is PaymentCheck.COMPLETED
    if done and completion.shows_completion(turn.db, request, actor=turn.actor):
        return Reply(goto=replace(goto, arg=_PAID))
    return Reply(goto=goto, notice=t(PAYMENT_CHECKS[checked]))
