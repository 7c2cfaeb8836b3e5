"""What the link of an invitation opens, for guests and for who is logged in."""

from __future__ import annotations

from bot.application.routes import EVERYONE, Routes
from bot.core.context import Turn
from bot.core.refusals import NotAllowed
from bot.core.screens import Press, Reply, Screen, button
from bot.services.accounts import invitations
from bot.services.shared import reference_data
from bot.texts import t
from conversations.account.invitation import BOUND, TOKEN
from conversations.engine.engine import Engine
from handlers.common.navigation import home_button


def routes(engine: Engine) -> Routes:
    """invite.open behind the link, and invite.accept."""
    table = Routes()
    table.show("invite.open", roles=EVERYONE)(show_invitation)
    table.payloads[invitations.PAYLOAD] = "invite.open"

    @table.act("invite.accept", roles=EVERYONE)
    def accept(turn: Turn, press: Press) -> Reply:
        try:
            invitation = invitations.behind(turn.db, token=press.arg, now=turn.now)
        except NotAllowed:
            return Reply(goto=Press("invite.open", arg=press.arg))
        return engine.start(
            turn,
            "accept_invitation" if turn.account is None else "add_invited_role",
            subject_id=invitation.id or 0,
            answers={TOKEN: press.arg, BOUND: invitation.national_code or ""},
        )

    return table


def show_invitation(turn: Turn, press: Press) -> Screen:
    """Who is invited to what; an invitation that is over says so."""
    try:
        invitation = invitations.behind(turn.db, token=press.arg, now=turn.now)
        invitations.need_addressee(invitation, turn.account)
    except NotAllowed as refusal:
        return Screen(t(refusal.key), ((home_button(),),))
    lines = [
        t(
            "invite.opened",
            name=invitation.name,
            role=t(f"role.{invitation.role}"),
            university=reference_data.university_name(turn.db, invitation.university_code),
        )
    ]
    if turn.account is not None:
        lines.append(t("invite.to_account", name=turn.account.name))
    go_on = button(t("invite.accept"), "invite.accept", arg=press.arg)
    return Screen("\n".join(lines), ((go_on,), (home_button(),)))
