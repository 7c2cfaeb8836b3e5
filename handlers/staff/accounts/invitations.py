"""Invitations of experts and of managers as staff see them: who was invited until when, sending again, taking back.

See docs/specification.md 2.1.
"""

from __future__ import annotations

from bot.application.routes import Routes
from bot.core.context import Turn
from bot.core.screens import Press, Reply, Screen, button
from bot.services.invitations import lists, sending
from bot.services.invitations.sending import place_of
from bot.texts import t
from bot.texts.formats import jalali_time, local_mobile, masked
from conversations.common.labels import shortened
from conversations.staff.experts import invited_screens
from handlers.common.navigation import ButtonRow, back_button, home_button
from handlers.common.numbered_list import STAFF, confirmation_screen
from storage.tables import Invitation


def routes() -> Routes:
    """staff.invitation, invite_again, invite_ask, invite_end."""
    table = Routes()
    table.show("staff.invitation", roles=STAFF)(show_invitation)
    table.show("staff.invite_ask", roles=STAFF)(ask_cancel)
    table.act("staff.invite_again", roles=STAFF)(send_again)
    table.act("staff.invite_end", roles=STAFF)(cancel)
    return table


def line_of(turn: Turn, invitation: Invitation) -> str:
    """One line in the list of a university or distributor."""
    key = "invite.line" if lists.is_open(invitation, turn.now) else "invite.line_over"
    return t(key, name=invitation.name, role=t(f"role.{invitation.role}"))


def rows_of(pending: list[Invitation]) -> list[ButtonRow]:
    """A button for each."""
    return [
        (button(shortened(t("invite.button", name=one.name), 20), "staff.invitation", one.id or 0),)
        for one in pending
    ]


def access_lines(turn: Turn, account_id: int) -> list[str]:
    """That the owner of an account has a link with which to set a new password, while it is open."""
    link = lists.access_link(turn.db, actor=turn.actor, account_id=account_id, now=turn.now)
    return [] if link is None else [t("staff.access_open", time=jalali_time(link.expires_at))]


def _list(invitation: Invitation) -> Press:
    """The page that the invitation is on."""
    if invitation.distributor_id is not None:
        return Press("staff.dist", invitation.distributor_id)
    return Press("staff.university", arg=invitation.university_code or "")


def show_invitation(turn: Turn, press: Press) -> Screen:
    """Who was invited, as what, by which mobile, until when."""
    invitation = lists.view(turn.db, actor=turn.actor, invitation_id=press.id)
    lines = [
        invitation.name,
        t("me.role_at", role=t(f"role.{invitation.role}"), university=place_of(turn.db, invitation)),
        t("me.line", field=t("field.mobile"), value=local_mobile(invitation.mobile)),
    ]
    if invitation.national_code:
        lines.append(t("me.line", field=t("field.national_code"), value=masked(invitation.national_code)))
    lines.append(t("invite.created", time=jalali_time(invitation.created_at)))
    rows: list[ButtonRow] = []
    if invitation.accepted_at is not None:
        lines.append(t("invite.state_accepted", time=jalali_time(invitation.accepted_at)))
    elif invitation.cancelled_at is not None:
        lines.append(t("invite.state_cancelled", time=jalali_time(invitation.cancelled_at)))
    else:
        is_open = lists.is_open(invitation, turn.now)
        lines.append(
            t("invite.state_open", time=jalali_time(invitation.expires_at))
            if is_open
            else t("invite.state_over")
        )
        rows = [
            (button(t("invite.again"), "staff.invite_again", press.id),),
            (button(t("invite.cancel"), "staff.invite_ask", press.id),),
        ]
    to = _list(invitation)
    back = back_button(to.action, to.id, arg=to.arg)
    return Screen("\n".join(lines), (*rows, (back, home_button())))


def send_again(turn: Turn, press: Press) -> Reply:
    """A new link and code; the old ones lead nowhere any more."""
    invited = sending.send_again(
        turn.db, actor=turn.actor, invitation_id=press.id, public_info=turn.public_info, now=turn.now
    )
    return Reply(invited_screens(invited), goto=Press("staff.invitation", press.id))


def ask_cancel(turn: Turn, press: Press) -> Screen:
    invitation = lists.view(turn.db, actor=turn.actor, invitation_id=press.id)
    return confirmation_screen(
        t("invite.cancel_confirm", name=invitation.name),
        button(t("invite.cancel_do"), "staff.invite_end", press.id),
        Press("staff.invitation", press.id),
    )


def cancel(turn: Turn, press: Press) -> Reply:
    invitation = sending.cancel(turn.db, actor=turn.actor, invitation_id=press.id, now=turn.now)
    return Reply((Screen(t("invite.cancelled", name=invitation.name)),), goto=_list(invitation))
