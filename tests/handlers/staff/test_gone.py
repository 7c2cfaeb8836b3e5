"""Old and forged buttons of what is not there open nothing, for the directorate and for experts; each says so."""

import pytest

from bot.core.screens import Press
from storage.enums import Role
from tests.support.chat_driver import App
from tests.support.chat_people import in_charge, staff

STALE, NOT_YOURS = "این دکمه دیگر معتبر نیست.", "شما به این پرونده دسترسی ندارید."
#: Buttons that are about no row, or about whatever there is.
OF_ALL = """
    desk.queue desk.mine desk.returned desk.overdue desk.at_applicant desk.unpaid desk.decided desk.all desk.coop
    desk.coop_mine desk.coop_overdue desk.coop_decided desk.coop_all desk.lists desk.universities desk.search
    desk.next desk.coop_next desk.next_claim desk.take desk.coop_take desk.bulk desk.coop_bulk desk.colleague desk.team
    desk.leave desk.leave_new desk.phrases desk.phrase_new desk.report desk.report_pdf desk.report_xlsx
    export staff.report staff.report_pdf staff.report_xlsx staff.refund staff.wrong_do
    staff.tariffs staff.studies staff.fields staff.documents staff.new_tariff staff.new_field staff.new_document
    staff.faq staff.faq_new staff.provinces staff.accounts staff.find_account staff.experts staff.alerts
    staff.undelivered staff.undelivered_cause staff.updates staff.find_error staff.refunds staff.wrong staff.refunded
    staff.audit staff.find_audit staff.dists staff.new_dist staff.find_dist staff.letters staff.new_letter
"""
OF_OTHERS = """
    staff.invitation staff.invite_ask staff.invite_again staff.invite_end staff.dist staff.edit_dist staff.add_manager
    staff.branches staff.branch staff.branch_close staff.branch_end staff.find_branch desk.person desk.leave_end_do
"""
#: What is said where it is not `STALE`.
SAID = {
    **dict.fromkeys(OF_OTHERS.split(), NOT_YOURS),
    "staff.update": "خطایی با این شماره ثبت نشده است.",
    **dict.fromkeys(["staff.letter_text", "staff.letter_files"], "شما به این نامه دسترسی ندارید."),
}


@pytest.mark.parametrize(
    ("role", "of", "least"),
    [(Role.STAFF, "staff. export desk. find", 90), (Role.IN_CHARGE, "desk. find", 50)],
)
def test_a_button_of_what_is_not_there_says_so(app: App, role: Role, of: str, least: int) -> None:
    person = staff(app) if role is Role.STAFF else in_charge(app)
    actions = [
        name
        for name, route in app.routes.by_action.items()
        if role in route.roles and name.startswith(tuple(of.split())) and name not in OF_ALL.split()
    ]
    assert len(actions) > least

    shown = {name: person.press(Press(name, 999_999, 77, "nothing")).text.split("\n")[0] for name in actions}

    assert shown == {name: SAID.get(name, STALE) for name in actions}
    assert person.chat.dialogue is None
