"""«کارت مسئول فنی»: the officer's card as a picture, and what a person who scans it sees.

See docs/specification.md 7.
"""

from __future__ import annotations

from functools import partial

from sqlmodel import Session, select

from bot.application.resources import Resources
from bot.application.routes import EVERYONE, READS_SUSPENDED, Routes
from bot.core.context import Actor, PublicInfo, Turn
from bot.core.incoming import Incoming
from bot.core.refusals import Unavailable
from bot.core.screens import Button, GeneratedFile, Press, Reply, Screen, button
from bot.reports.drawing_queue import DRAWING
from bot.services.officers import card as officers_card
from bot.services.officers.card import Card
from bot.texts import t
from bot.texts.formats import jalali_day, jalali_time
from conversations.engine.engine import Engine
from handlers.common.navigation import ButtonRow, home_button, navigation_row
from storage.database.unit_of_work import run_when_available
from storage.enums import AccountState, Messenger, Role
from storage.tables import Account, Chat

#: What the deep link of a card begins with: «/start card_…».
PAYLOAD = "card"


def routes(engine: Engine) -> Routes:
    """card, card.picture, and card.check behind the QR code."""
    table = Routes()
    table.show("card", roles=[Role.OFFICER], suspended=READS_SUSPENDED)(show_card)
    table.act("card.picture", roles=[Role.OFFICER], prepare=_prepare_picture)(send_picture)
    table.show("card.check", roles=EVERYONE, suspended=EVERYONE)(show_card_check)
    table.payloads[PAYLOAD] = "card.check"
    return table


def show_card(turn: Turn, press: Press) -> Screen:
    """What the card is good for, and the ways to it."""
    assert turn.account is not None
    if not officers_card.may_have(turn.db, account=turn.account):
        return Screen(t("card.not_yet"), (navigation_row("qual"),))
    rows: list[ButtonRow] = [(button(t("card.picture"), "card.picture"),)]
    token = officers_card.token_of(turn.db, account_id=turn.account.id or 0)
    link = card_link(turn.public_info, turn.chat.messenger, token) if token is not None else None
    if link is not None:
        rows.append((Button(t("card.copy"), copy=link),))
    return Screen(t("card.intro"), (*rows, navigation_row("qual")))


def card_link(public_info: PublicInfo, messenger: Messenger, token: str) -> str | None:
    """To this bot on the messenger that the officer uses; None before the messenger has told our name."""
    address = public_info.bot_links.get(messenger)
    return f"{address}?start={PAYLOAD}_{token}" if address else None


async def _prepare_picture(resources: Resources, incoming: Incoming, press: Press) -> bytes | None:
    """The picture, made outside any transaction; None where the press will be refused anyway. Raises
    NotAllowed for an officer who has no card yet."""
    now = resources.clock()

    def unit(db: Session) -> Card | None:
        chat = db.exec(
            select(Chat).where(Chat.messenger == incoming.messenger, Chat.chat_id == incoming.chat_id)
        ).first()
        account = db.get(Account, chat.account_id) if chat is not None and chat.account_id else None
        if chat is None or account is None or chat.role is not Role.OFFICER:
            return None
        if account.state is not AccountState.ACTIVE:
            return None
        actor = Actor(account.id, Role.OFFICER, messenger=incoming.messenger)
        return officers_card.issue_card(db, actor=actor, now=now)

    issued = await run_when_available(resources.database, unit)
    if issued is None:
        return None
    link = card_link(resources.public_info, incoming.messenger, issued.token)
    if link is None:
        raise Unavailable
    from bot.reports import officer_card_image as drawing  # 15 MB that few processes ever need

    work = partial(
        drawing.draw,
        title=t("card.title"),
        lines=[(t("card.name"), issued.name), (t("card.code"), issued.masked_code)],
        note=t("card.note", day=jalali_day(now)),
        link=link,
    )
    return await DRAWING.draw(issued.account_id, work)


def send_picture(turn: Turn, press: Press) -> Reply:
    """The picture that was made before this unit, and the ways on below it."""
    file = GeneratedFile("officer-card.png", turn.prepared, t("card.caption"), picture=True)
    return Reply((Screen("", attachments=(file,)),), goto=Press("card"), send_as_new=True)


def show_card_check(turn: Turn, press: Press) -> Screen:
    """Live, for everyone: name, masked national code and present state, nothing else."""
    card = officers_card.look_up(turn.db, token=press.arg)
    if card is None:
        return Screen(t("card.unknown"), ((home_button(),),))
    invalid = "card.suspended" if card.qualified else "card.revoked"
    state = t("card.valid" if card.valid else invalid)
    text = t("card.found", name=card.name, code=card.masked_code, state=state, time=jalali_time(turn.now))
    return Screen(text.strip(), ((home_button(),),))
