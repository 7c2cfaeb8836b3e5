"""Whom each route lets in, said once more and apart from the code: a route that is missing here fails the test."""

from collections.abc import Iterable
from dataclasses import dataclass

from storage.enums import Role

Who = frozenset[Role | None]

OFFICER, MANAGER, STAFF = Role.OFFICER, Role.DISTRIBUTOR, Role.STAFF
EXPERT, HEAD = Role.EXPERT, Role.IN_CHARGE
ACCOUNTS: Who = frozenset({OFFICER, MANAGER, EXPERT, HEAD, STAFF})
ANYBODY: Who = ACCOUNTS | {None}
EXPERTS: Who = frozenset({EXPERT, HEAD})


@dataclass(frozen=True)
class Access:
    """`roles`: who is let in while the account is active and the role in force; None is a guest. `suspended`: which of
    them still are while the account is suspended. `bound`: the id names a case that others in the same role must not
    reach."""

    roles: Who
    suspended: Who = frozenset()
    bound: bool = False


def _each(actions: str, roles: Iterable[Role | None], **other: object) -> dict[str, Access]:
    return {action: Access(frozenset(roles), **other) for action in actions.split()}  # type: ignore[arg-type]


_READS: Who = frozenset({OFFICER})

EXPECTED: dict[str, Access] = {
    **_each("invite.open invite.accept", ANYBODY),
    **_each(
        "home help form faq faq.found requirements privacy card.check register login",
        ANYBODY,
        suspended=ANYBODY,
    ),
    **_each("forgot", ANYBODY),
    **_each("register.drop", {None}),
    **_each("logout role role.choose me.signout", ACCOUNTS, suspended=ACCOUNTS),
    **_each("password.change me.mobile", ACCOUNTS),
    **_each("credentials me me.chats inbox", ACCOUNTS, suspended=_READS),
    **_each("inbox.letter inbox.read inbox.files", ACCOUNTS, suspended=_READS, bound=True),
    # What a suspended officer may still read of their own (docs/specification.md 2.1).
    **_each(
        "me.documents me.document general qual receipts receipts.send card centers coop.new coop.archive term.archive",
        {OFFICER},
        suspended=_READS,
    ),
    **_each(
        "qual.track qual.timeline qual.documents qual.document qual.check_pay coop.view coop.center coop.timeline term.confirm",
        {OFFICER},
        suspended=_READS,
        bound=True,
    ),
    **_each("general.edit qual.new qual.amend qual.draft card.picture certificate term.new", {OFFICER}),
    **_each(
        "qual.withdraw qual.withdraw_do qual.discard qual.discard_do qual.fix coop.accept coop.accept_do coop.give_up "
        "coop.give_up_do coop.reject term.finalise term.cancel",
        {OFFICER},
        bound=True,
    ),
    **_each(
        "dist.branches dist.choose dist.free dist.requests dist.own dist.new_branch dist.edit_own dist.find_branch",
        {MANAGER},
    ),
    **_each(
        "dist.branch dist.free_ask dist.free_do dist.request dist.timeline dist.withdraw dist.withdraw_do "
        "dist.edit_branch dist.pick dist.branch_close dist.branch_end",
        {MANAGER},
        bound=True,
    ),
    **_each(
        "desk.next desk.next_claim desk.coop_next desk.phrases desk.phrase_new desk.leave desk.leave_new desk.leave_end desk.leave_end_do",
        EXPERTS,
    ),
    **_each(
        "desk.queue desk.mine desk.returned desk.overdue desk.at_applicant desk.unpaid desk.decided desk.coop "
        "desk.coop_mine desk.coop_overdue desk.coop_decided desk.lists",
        EXPERTS | {STAFF},
    ),
    **_each(
        "desk.team desk.take desk.take_ask desk.take_do desk.coop_take desk.coop_take_ask desk.coop_take_do",
        EXPERTS,
    ),
    # Whose phrase it is decides, also at another university: tests/handlers/expert/test_phrases.py.
    **_each("desk.phrase desk.phrase_ask desk.phrase_do desk.phrase_edit", EXPERTS | {STAFF}),
    **_each("export export.kind export.states export.xlsx export.csv", {HEAD, STAFF}),
    **_each("desk.report desk.report_chart desk.report_pdf desk.report_xlsx", {HEAD}),
    **_each("desk.bulk desk.coop_bulk desk.colleague", {HEAD}),
    **_each("desk.all desk.coop_all", {HEAD, STAFF}),
    **_each("desk.universities", {STAFF}),
    **_each("desk.search", EXPERTS | {STAFF}),
    # Who is an expert elsewhere reads what the own search finds there.
    **_each("find", EXPERTS | {STAFF}),
    **_each("find.open", {STAFF}),
    **_each(
        "desk.file desk.full_request desk.rounds desk.timeline desk.documents desk.outcome desk.document desk.all_documents desk.review desk.original "
        "desk.notes desk.note_new desk.coop_notes desk.coop_note_new desk.person desk.coop_file desk.coop_timeline desk.coop_outcome desk.coop_officer desk.release desk.coop_release",
        EXPERTS | {STAFF},
        bound=True,
    ),
    **_each(
        "desk.hand_over desk.hand_over_to desk.coop_hand_over desk.coop_hand_over_to "
        "desk.claim desk.coop_claim desk.undo desk.coop_undo desk.approve desk.approve_do desk.coop_approve desk.coop_approve_do desk.reject "
        "desk.defects desk.coop_reject",
        EXPERTS,
        bound=True,
    ),
    **_each("desk.revoke", {STAFF}, bound=True),
    **_each("desk.assign desk.assign_do desk.coop_assign desk.coop_assign_do", {HEAD, STAFF}, bound=True),
    **_each(
        "staff.experts staff.university staff.expert staff.dismiss staff.dismiss_do staff.new_expert staff.invitation staff.invite_again "
        "staff.invite_ask staff.invite_end staff.reset "
        "staff.alerts staff.alert staff.settle staff.refunds staff.refund staff.wrong staff.wrong_do staff.refunded staff.refund_card staff.refund_fix staff.tariff_ask staff.tariff_end "
        "staff.tariffs staff.new_tariff staff.studies staff.level staff.level_ask staff.level_do staff.fields "
        "staff.field staff.field_ask staff.field_do staff.pair_ask staff.pair_do staff.new_field staff.documents "
        "staff.document staff.document_ask staff.document_do staff.document_move staff.document_from staff.new_document staff.rename_doc "
        "staff.faq staff.faq_entry staff.faq_ask staff.faq_do staff.faq_move staff.faq_new staff.faq_edit "
        "staff.provinces staff.province staff.university_data staff.university_ask staff.university_do staff.university_contact staff.rename_university staff.coverage "
        "staff.cover staff.cover_ask staff.cover_do staff.new_cover "
        "staff.accounts staff.find_account staff.account staff.roles staff.unrole staff.chats staff.chat_ask "
        "staff.chat_do staff.trail staff.file_trail staff.account_payments staff.file_payments staff.account_action "
        "staff.undelivered staff.undelivered_push staff.undelivered_ask staff.undelivered_cause staff.undelivered_all staff.undelivered_all_do staff.undelivered_mobile staff.settle_similar staff.settle_similar_do staff.undelivered_again staff.undelivered_away staff.updates staff.update "
        "staff.find_error staff.report staff.report_chart staff.report_pdf staff.report_xlsx "
        "staff.dists staff.dist staff.new_dist staff.find_dist staff.edit_dist staff.add_manager staff.branches staff.branch staff.find_branch "
        "staff.branch_close staff.branch_end staff.audit staff.find_audit export.at "
        "staff.letters staff.new_letter staff.letter staff.letter_text staff.letter_files staff.letter_stop staff.letter_fix "
        "staff.letter_end staff.phrases staff.phrase_new",
        {STAFF},
    ),
}
