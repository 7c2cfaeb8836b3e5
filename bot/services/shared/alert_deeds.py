"""What staff can do about an alert: the button to where its cause is removed, by the alert's key."""

from sqlmodel import Session, col, select

from bot.core.screens import Button, button
from bot.texts import t
from storage.tables import Contract, Termination

#: The first part of a key names its cause. The second is what it is about.
NO_EXPERT, NO_TARIFF, GIVEN_UP = "no-expert", "no_tariff", "push.given_up"
NO_MANAGER_MOBILE = "no-manager-mobile"
#: Causes that are dealt with on one screen, whatever the alert is about: its button.
_SCREENS = {
    NO_TARIFF: ("alert_deed.tariff", "staff.new_tariff"),
    "refund": ("alert_deed.refunds", "staff.refunds"),
    "wrong_amount": ("alert_deed.wrong_amounts", "staff.wrong"),
}


def cause_of(key: str) -> str:
    """What alerts of one cause have in common: the part of the key before the first colon."""
    return key.partition(":")[0]


def deed_rows(db: Session, key: str) -> list[list[Button]]:
    """The button that leads to where the cause is removed; empty where that is not in the bot."""
    cause, _, about = key.partition(":")
    if cause in _SCREENS:
        label, action = _SCREENS[cause]
        return [[button(t(label), action)]]
    if cause == NO_EXPERT:
        experts = button(t("alert_deed.experts"), "staff.university", arg=about)
        return [[button(t("alert_deed.new_expert"), "staff.new_expert", arg=about)], [experts]]
    if cause == GIVEN_UP:
        about, _, letter = about.partition(":")
        if letter.isdigit():
            return [[button(t("alert_deed.letter"), "staff.letter", int(letter))]]
        if about.isdigit():
            return [[button(t("alert_deed.undelivered"), "staff.undelivered_push", int(about))]]
    if cause == NO_MANAGER_MOBILE and about.isdigit():
        query = select(Contract.distributor_id).join(
            Termination, col(Termination.contract_id) == col(Contract.id)
        )
        distributor_id = db.exec(query.where(Termination.id == int(about))).first()
        if distributor_id is not None:
            return [[button(t("alert_deed.distributor"), "staff.dist", distributor_id)]]
    return []
