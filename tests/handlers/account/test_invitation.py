"""What stands behind the link of an invitation, for a guest, for whom it is and for whom it is not."""

from datetime import timedelta
from typing import Any

import pytest

from bot.services.invitations.sending import token_hash
from bot.texts import t
from storage.enums import Role
from storage.tables import Invitation
from tests.support import chat_people as people
from tests.support.chat_driver import NOW, App, Person

TOKEN = "a-token_of-22-letters"
OVER = t("error.invitation_over")


def invited(app: App, **values: Any) -> Invitation:
    known: dict[str, Any] = {"role": Role.EXPERT, "university_code": "sums", "mobile": "+989121110009"}
    known |= {"first_name": "مینا", "last_name": "رضایی", "code_hash": "x", "token_hash": token_hash(TOKEN)}
    known |= {"invited_by": people.staff(app).account.id, "expires_at": NOW + timedelta(hours=1)}
    made: Invitation = app.add(Invitation(**known | values))
    return made


def opened(person: Person, token: str = TOKEN) -> Person:
    return person.command("start", f"invite_{token}")


def test_a_guest_and_who_is_logged_in(app: App) -> None:
    invited(app)
    guest = opened(app.person()).sees("مینا رضایی گرامی", t("invite.accept")).sees_not("به حساب شما")
    guest.tap(t("invite.accept")).sees("کد یک‌بارمصرف ۶ رقمی")
    sara = people.officer(app)
    opened(sara).sees("به حساب شما (سارا کریمی‌نژاد) افزوده می‌شود").tap(t("invite.accept"))
    assert (guest.chat.dialogue, sara.chat.dialogue) == ("accept_invitation", "add_invited_role")


@pytest.mark.parametrize(
    "values", [{"cancelled_at": NOW}, {"expires_at": NOW}, {"wrong_codes": 5}, {"token_hash": "other"}]
)
def test_an_invitation_that_is_over_opens_no_questions(app: App, values: dict[str, Any]) -> None:
    invited(app, **values)
    guest = opened(app.person()).sees(OVER, t("nav.home")).sees_not("مینا", t("invite.accept"))
    guest.open("invite.accept", arg=TOKEN).sees(OVER)
    assert guest.chat.dialogue is None


def test_new_access_is_for_whom_it_was_given_to_and_not_for_who_is_logged_in(app: App) -> None:
    maryam, sara = people.expert(app), people.officer(app)
    invited(app, account_id=maryam.account.id)
    opened(sara).sees(t("error.access_logged_in")).sees_not("مینا", t("invite.access_accept"))
    guest = opened(app.person()).sees(t("invite.access_opened", name="مینا رضایی"))
    guest.sees_not(t("invite.accept")).tap(t("invite.access_accept"))
    assert guest.chat.dialogue == "accept_invitation"


@pytest.mark.parametrize(
    ("known", "access", "bound"), [(None, False, ""), ("9991234551", False, "9991234551"), (None, True, "-")]
)
def test_who_is_known_is_not_asked_for_the_national_code(
    app: App, known: str | None, access: bool, bound: str
) -> None:
    account_id = people.expert(app).account.id if access else None
    invited(app, national_code=known, account_id=account_id)
    guest = opened(app.person()).open("invite.accept", arg=TOKEN)
    assert guest.answers["_bound"] == bound
