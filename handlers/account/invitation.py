"""What the link of an invitation opens, for guests and for who is logged in."""

from __future__ import annotations

from bot.application.routes import EVERYONE, Routes
from bot.core.context import Turn
from bot.core.refusals import NotAllowed
from bot.core.screens import Press, Reply, Screen, button
from bot.services.invitations import acceptance
from bot.services.invitations.sending import PAYLOAD, place_of
from bot.texts import t
from conversations.account.invitation import BOUND, TOKEN
from conversations.engine.engine import Engine
from handlers.common.navigation import home_button
from storage.tables import Invitation


def routes(engine: Engine) -> Routes:
    """invite.open behind the link, and invite.accept."""
    table = Routes()
    table.show("invite.open", roles=EVERYONE)(show_invitation)
    table.payloads[PAYLOAD] = "invite.open"

    @table.act("invite.accept", roles=EVERYONE)
    def accept(turn: Turn, press: Press) -> Reply:
        try:
            invitation = acceptance.behind(turn.db, token=press.arg, now=turn.now)
        except NotAllowed:
            return Reply(goto=Press("invite.open", arg=press.arg))
        return engine.start(
            turn,
            "accept_invitation" if turn.account is None else "add_invited_role",
            subject_id=invitation.id or 0,
            answers={TOKEN: press.arg, BOUND: _bound(invitation)},
        )

    return table


def _bound(invitation: Invitation) -> str:
    """Not empty where nobody is asked for the national code."""
    return invitation.national_code or ("-" if invitation.account_id is not None else "")


def show_invitation(turn: Turn, press: Press) -> Screen:
    """Who is invited to what; an invitation that is over says so."""
    try:
        invitation = acceptance.behind(turn.db, token=press.arg, now=turn.now)
        acceptance.need_addressee(invitation, turn.account)
    except NotAllowed as refusal:
        return Screen(t(refusal.key), ((home_button(),),))
    if invitation.account_id is not None:
        go_on = button(t("invite.access_accept"), "invite.accept", arg=press.arg)
        return Screen(t("invite.access_opened", name=invitation.name), ((go_on,), (home_button(),)))
    role, place = t(f"role.{invitation.role}"), place_of(turn.db, invitation)
    lines = [t("invite.opened", name=invitation.name, role=role, place=place)]
    if turn.account is not None:
        lines.append(t("invite.to_account", name=turn.account.name))
    go_on = button(t("invite.accept"), "invite.accept", arg=press.arg)
    return Screen("\n".join(lines), ((go_on,), (home_button(),)))
