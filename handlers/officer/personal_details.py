"""«ویرایش اطلاعات عمومی» (R10, R48): the free items with their present values, each edited at once."""

from __future__ import annotations

from bot.application.routes import READS_SUSPENDED, Routes
from bot.core.context import Turn
from bot.core.screens import Button, Press, Reply, Screen, button
from bot.rules import request_items
from bot.services import accounts, qualification
from bot.services.officers import personal_details
from bot.texts import t
from bot.texts.formats import local_mobile
from conversations.account.password_and_mobile import ASKED_FROM
from conversations.common.labels import Wording
from conversations.common.request_steps import FIELD_STEPS
from conversations.engine.engine import Engine
from conversations.engine.steps import short_label_of
from conversations.officer.personal_details import subject_of
from handlers.common.navigation import ButtonRow, back_button, button_grid, home_button
from storage.enums import AccountState, Role

MOBILE = "mobile"
#: What leads to the sentence that an amendment is needed (R49, R51), whichever of those items was meant.
OTHERS = "other"
_SHORT = {ask.key: short_label_of(ask) for ask in FIELD_STEPS}


def routes(engine: Engine) -> Routes:
    """Routes that begin with "general"."""
    table = Routes()
    table.show("general", roles=[Role.OFFICER], suspended=READS_SUSPENDED)(show_personal_details)

    @table.act("general.edit", roles=[Role.OFFICER])
    def edit(turn: Turn, press: Press) -> Reply:
        """Ask for the item that the button names; refuse where it is not edited here. Whether it may be edited now is
        asked by the dialogue's guard."""
        assert turn.account is not None
        if press.arg == MOBILE:
            accounts.refuse_mobile_change(turn.db, account=turn.account)
            return engine.start(turn, "mobile", answers={ASKED_FROM: "general"})
        if press.arg not in request_items.FREE:
            personal_details.refuse_edit(turn.db, account_id=turn.account.id or 0, field=press.arg)
        value = qualification.approved_of(turn.db, turn.account.id or 0)[press.arg]
        known = {} if value is None else {press.arg: value}
        return engine.start(turn, "general", subject_id=subject_of(press.arg), answers=known, at=press.arg)

    return table


def show_personal_details(turn: Turn, press: Press) -> Screen:
    """The list. While a request is in circulation it says why nothing is saved (R11)."""
    account = turn.account
    assert account is not None
    words, known = Wording.load(turn.db), qualification.approved_of(turn.db, account.id or 0)
    number = t("form.unset")
    if account.mobile:
        key = "me.verified" if account.mobile_verified else "me.unverified"
        number = t(key, mobile=local_mobile(account.mobile))
    lines = [t("me.line", field=t("field.mobile"), value=number)]
    lines += [
        t("me.line", field=words.label(key), value=words.value(key, known[key])) for key in request_items.FREE
    ]
    last_row: ButtonRow = (back_button("qual"), home_button())
    if account.state is not AccountState.ACTIVE:
        return Screen("\n".join(lines), (last_row,))
    if qualification.in_circulation(turn.db, account.id or 0):
        track = button(t("qual.track"), "qual.track")
        return Screen("\n".join([t("mobile.in_circulation"), "", *lines]), ((track,), last_row))
    return Screen("\n".join([t("general.title"), "", *lines]), (*_edit_rows(), last_row))


def _edit_rows() -> list[ButtonRow]:
    """An edit button for each free item; those that look editable and are not answer why (R47, R49)."""
    free = [
        _edit_button(t("field.mobile"), MOBILE),
        *(_edit_button(_SHORT[key], key) for key in request_items.FREE),
    ]
    locked = tuple(
        button(t("general.locked", field=t(f"field.{key}")), "general.edit", arg=key)
        for key in request_items.NEVER
    )
    return [*button_grid(free, columns=2), locked, (button(t("general.others"), "general.edit", arg=OTHERS),)]


def _edit_button(label: str, field: str) -> Button:
    return button(label, "general.edit", arg=field)
