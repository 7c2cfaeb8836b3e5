"""Each service that begins by asking for a role refuses all others, and its own people once the role has ended; what is not
there is refused as well."""

import importlib
import inspect
import pkgutil
import traceback
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from sqlmodel import Session

from bot import services
from bot.core.context import SYSTEM, Actor
from bot.core.refusals import NotAllowed, Refusal
from bot.rules.validators import NationalCode
from bot.services.accounts import queries
from bot.services.shared.permissions import require
from storage.enums import Role
from tests.support.factories.cooperation import Parties, accepted_request, active_contract
from tests.support.factories.people import end_role, officer, qualified_officer
from tests.support.factories.qualification import submitted_request
from tests.support.factories.reference_data import NOW
from tests.support.services import refused

#: What refuses for the role alone, before anything is looked up.
CHECKS = ("require", "require_officer", "managed_distributor")

STAFF, SYSTEM_TOO = frozenset({Role.STAFF}), frozenset({Role.STAFF, Role.SYSTEM})
OFFICERS, MANAGERS = frozenset({Role.OFFICER}), frozenset({Role.DISTRIBUTOR})
EXPERTS = frozenset({Role.EXPERT, Role.IN_CHARGE, Role.STAFF})
ANY = frozenset(Role)
#: (who is let in, a line "module: functions" each)
ADMITTED: tuple[tuple[frozenset[Role], str], ...] = (
    (
        STAFF,
        """
        accounts.experts: appoint_expert deactivate expert numbers of_university
        invitations.lists: access_link pending view
        invitations.sending: cancel invite_expert invite_manager send_again
        distributors.registry: appoint_manager
        directorate.account_lookup: chat facts free_chat look_up open_account recent trail trail_of_file withdraw_role
        directorate.alert_list: deed_rows open_alert open_alerts resolve_alert resolve_similar similar
        directorate.document_requirements: cancel_plan drafts_touched require_from
        directorate.document_types: add_document_type all_document_types change_document_type move_document_type
        directorate.faq_entries: add_entry all_entries change_entry move_entry
        directorate.reference_rows: names_of_documents
        directorate.studies: add_field closed_at closed_fields fields levels set_field set_level set_pair
        directorate.undelivered: give_up look_up odd_update odd_updates resend
        directorate.undelivered: cause_of mobile_of resend_cause undelivered_causes undelivered_push undelivered_pushes
        directorate.universities: add_coverage by_province coverage coverage_row make_default number_of
        directorate.universities: rename_university set_contact set_coverage set_switch universities_of
        directorate.universities: university_overview with_lists
        directorate.account_lookup: file_of_code recorded
        letters.audience: describe provinces reach size
        letters.counts: count_all count_correction
        letters.letters: letter_progress send_letter stop_letter writer_of written_letters
        payments.history: changes_of_request latest_of_account latest_of_request
        payments.history: payments_of_account payments_of_request
        payments.refunds: correct_refund count_refunded refunded view_refund
        payments.refunds: count_due record_refund record_wrong_amount refunds_due wrong_amounts
        qualification.fees: delete_tariff former upcoming
        revocation.consequences: consequences_of
        revocation.revoking: revoke
        search.names: companies""",
    ),
    (
        SYSTEM_TOO,
        """
        cooperation.contracts: add_migrated
        directorate.alert_list: count_open
        distributors.registry: create_distributor list_distributors managers
        qualification.fees: set_tariff""",
    ),
    (
        OFFICERS,
        """
        cooperation.contracts: history own
        cooperation.lists: archive_for_officer count_new new_for_officer reserved
        cooperation.requests: require_officer
        cooperation.termination: archive cancel draft finalise
        officers.card: issue_card
        officers.certificate: issue_certificate
        payments.receipts: receipt_of receipts_of
        qualification: own
        review.standing: standing_of""",
    ),
    (
        MANAGERS,
        """
        cooperation.contracts: of_distributor
        cooperation.lists: for_distributor
        cooperation.party_actions: look_up pick
        cooperation.requests: managed_distributor
        distributors.branches: define_branch list_branches names_of_branches
        distributors.registry: of_actor""",
    ),
    (MANAGERS | STAFF, "distributors.registry: view_distributor"),
    (EXPERTS - {Role.EXPERT}, "team.phrases: save_for_university"),
    (EXPERTS, "team.phrases: change find remove"),
    (EXPERTS - STAFF, "team.phrases: offered save"),
    (STAFF, "team.phrases: of_university"),
    (EXPERTS - {Role.EXPERT}, "exports.wanted: kinds_for"),
    (EXPERTS - {Role.EXPERT}, "statistics.counts: screen_figures"),
    (EXPERTS - {Role.EXPERT}, "statistics.scope: note scope_of"),
    (EXPERTS, "search.lookup: files_of_person keep remember search"),
    (
        EXPERTS,
        """
        qualification.review: experts_of
        review.worklists: university_for
        team.notes: add_note notes_of""",
    ),
    (
        EXPERTS - {Role.STAFF},
        """
        team.bulk: claim_next
        team.figures: own_figures
        team.leave: check_deputy end_leave own_leave take_leave team_leaves""",
    ),
    (
        frozenset({Role.IN_CHARGE}),
        """
        team.bulk: assign_many candidates plan sources
        team.figures: team_figures""",
    ),
    (
        ANY,
        """
        accounts.staff: annul lift reset_access suspend
        invitations.sending: reset_access
        cooperation.contract_steps: end
        cooperation.contracts: view_contract
        cooperation.termination: view_termination
        letters.letters: attached_files corrected_by correction_of count_files count_unread inbox_of open_letter view_letter
        qualification: latest
        qualification.review: earlier_requests""",
    ),
)


def services_of_actors() -> Iterator[tuple[str, Callable[..., Any]]]:
    """module.function → function, of all that take an actor."""
    for module in pkgutil.walk_packages(services.__path__, "bot.services."):
        for name, function in list(vars(importlib.import_module(module.name)).items()):
            own = inspect.isfunction(function) and function.__module__ == module.name
            if own and not name.startswith("_") and "actor" in inspect.signature(function).parameters:
                yield f"{module.name.removeprefix('bot.services.')}.{name}", function


def is_refused(db: Session, service: Callable[..., Any], actor: Actor) -> bool:
    """Whether the role alone is a reason: no other argument is valid."""
    given: dict[str, Any] = {
        name: 0
        for name, parameter in inspect.signature(service).parameters.items()
        if parameter.default is parameter.empty and parameter.kind is not parameter.VAR_KEYWORD
    }
    try:
        with db.begin_nested():
            service(**given | {"db": db, "actor": actor})
    except NotAllowed as refusal:
        return traceback.extract_tb(refusal.__traceback__)[-1].name in CHECKS
    except Exception:
        return False
    return False


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_other_roles_and_roles_that_ended_are_refused(db: Session, parties: Parties) -> None:
    people = [parties.sara, parties.ali, parties.in_charge, parties.kian.manager, parties.staff]
    admitted = {
        name: frozenset(actor.role for actor in (*people, SYSTEM) if not is_refused(db, service, actor))
        for name, service in services_of_actors()
    }
    for person in people:
        end_role(db, person)
    checked = {
        name: admitted[name]
        for name, service in services_of_actors()
        if all(is_refused(db, service, person) for person in people)
    }

    assert checked == {
        f"{module}.{name}": roles
        for roles, lines in ADMITTED
        for module, names in (line.strip().split(": ") for line in lines.strip().splitlines())
        for name in names.split()
    }


#: By the type of a parameter, values that lead to nothing.
NOTHING: dict[str, Any] = {
    "int": 98_765,
    "str": "ناموجود",
    "bool": True,
    "datetime": NOW,
    "NationalCode": NationalCode("0012345679"),
    "str | None": None,
    "int | None": None,
}


def arguments_of(service: Callable[..., Any]) -> dict[str, Any] | None:
    """For what it must be given beside who asks; None where that takes more than plain values."""
    given = {}
    for name, parameter in list(inspect.signature(service).parameters.items()):
        if name in ("db", "actor") or parameter.default is not parameter.empty:
            continue
        kind = parameter.annotation
        kind = kind if isinstance(kind, str) else getattr(kind, "__name__", str(kind))
        if kind not in NOTHING:
            return None
        given[name] = NOTHING[kind]
    return given


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_what_is_not_there_is_refused_politely(db: Session, parties: Parties) -> None:
    """Removed a moment ago, or a forged number: a sentence, never a fault of the program."""
    people = [parties.sara, parties.ali, parties.in_charge, parties.kian.manager, parties.staff]
    faults, tried = [], 0
    for name, service in services_of_actors():
        given = arguments_of(service)
        if not given or name in ("accounts.queries.need_owner", "directorate.universities.number_of"):
            continue
        tried += 1
        for person in people:
            try:
                with db.begin_nested() as savepoint:
                    service(db, actor=person, **given)
                    savepoint.rollback()
            except Refusal:
                continue
            except Exception as fault:
                faults.append(f"{name} for {person.role}: {fault!r}")
    assert tried > 60
    assert faults == []
    with refused(NotAllowed):
        queries.lock_account(db, 98_765)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_what_belongs_to_others_is_refused(db: Session, parties: Parties) -> None:
    """Officers, a manager and an expert of elsewhere try each service on what is another's, with its true number."""
    asked = accepted_request(db, parties.kian, parties.sara)
    contract = active_contract(db, parties.kian, parties.mina, parties.ali, branch=parties.kian.central)
    file = submitted_request(db, parties.unqualified)
    true = {
        "contract_id": contract.id,
        "branch_id": parties.kian.east,
        "distributor_id": parties.kian.id,
        "account_id": parties.sara.account_id,
    }
    strangers = [officer(db, "رعنا"), qualified_officer(db, "زهره"), parties.arad.manager, parties.foreign]
    allowed, tried = set(), 0
    for name, service in services_of_actors():
        given = arguments_of(service) or {}
        ids = true | {"request_id": (asked if name.startswith("cooperation") else file).id}
        named = {key: value for key, value in ids.items() if key in given}
        if not named or name == "accounts.queries.need_owner":
            continue
        tried += 1
        for person in strangers:
            try:
                with db.begin_nested() as savepoint:
                    service(db, actor=person, **given | named)
                    savepoint.rollback()
            except Refusal:
                continue
            allowed.add(name)
    assert tried >= 40
    # There is nothing for them to do here; each file that they would change is checked by itself.
    assert allowed == {"accounts.experts.leave_desk", "qualification.completion.complete_request"}


def test_a_role_holds_for_its_own_university_and_distributor(db: Session, parties: Parties) -> None:
    for person, elsewhere in (
        (parties.ali, {"university_code": "mui"}),
        (parties.kian.manager, {"distributor_id": parties.arad.manager.distributor_id}),
        (parties.staff, {"account_id": parties.sara.account_id}),
    ):
        require(db, person, person.role)
        with refused(NotAllowed):
            require(db, replace(person, **elsewhere), person.role)
