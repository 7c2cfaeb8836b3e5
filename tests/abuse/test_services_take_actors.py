"""What a screen reads through a service, it reads as somebody: the service is told who asks, and asks the rules.

Found in the source of handlers and dialogues, so that a new call is covered the day it is written.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]

#: Reason why a call names no actor → such calls.
REASONS = {
    "nobody is logged in yet; bounded by tries": """
        accounts.account_lock accounts.by_user_code accounts.count_recovery accounts.prove accounts.chat_of
        accounts.count_wrong accounts.login accounts.recover accounts.refuse_if_locked
        accounts.refuse_recovery_if_throttled accounts.register accounts.try_national_code""",
    "for whoever has the link, by its token and the one-time code; bounded by tries": """
        invitations.acceptance.accept invitations.acceptance.behind invitations.acceptance.try_code
        invitations.sending.place_of""",
    "of a person whom staff name; the action that follows takes the actor": "accounts.by_national_code",
    "by the id of the account whose chat this is": """
        accounts.chats_of accounts.active_grants accounts.refuse_mobile_change officers.personal_details.refuse_edit
        qualification.unused_files.remove_unused officers.card.may_have officers.card.token_of
        qualification.approved_of qualification.current_open qualification.in_circulation
        qualification.is_qualified drafts.files.keep drafts.files.own_files drafts.files.ids_of_content""",
    "about a request that the caller has opened as its owner": """
        qualification.requests.case_of payments.latest qualification.open_round qualification.prefill""",
    "the draft of the turn, which the engine found for this very person": "drafts.store.drop_draft",
    "a timer's, of nobody in particular": "drafts.store.drop_expired",
    "of the request that a service, told who acts, changed in the same unit": """
        cooperation.expert_card_of qualification.review.details_of""",
    "its check with the actor follows in the next line": "cooperation.requests.COOPERATION_WORKFLOW.load",
    "live for whoever scans the card": "officers.card.look_up",
    "names and rules that everybody may know": """
        shared.reference_data.document_types shared.reference_data.needs_note
        shared.reference_data.document_rules shared.reference_data.university_name review.routing.choices_for
        review.routing.has_active_expert qualification.fees.in_force shared.reference_data.names_of_documents
        shared.reference_data.names_of_universities shared.reference_data.open_universities
        shared.reference_data.names_of_levels shared.reference_data.open_levels
        shared.reference_data.names_of_fields shared.reference_data.open_fields
        guide.faq.shown_entries guide.faq.shown_entry guide.faq.answer_text guide.faq.press_for guide.requirements.in_force
        review.routing.contact_of""",
    "the actor is among the arguments that all actions of staff share": """
        accounts.annul accounts.lift accounts.suspend invitations.sending.reset_access""",
}
WITHOUT = {name for names in REASONS.values() for name in names.split()}


def _calls() -> Iterator[tuple[str, str]]:
    """(service.function, where) of every call that hands a session to a service and names no actor."""
    for path in sorted([*(ROOT / "handlers").rglob("*.py"), *(ROOT / "conversations").rglob("*.py")]):
        tree = ast.parse(path.read_text())
        names = _imported(tree)
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call) or not node.args or not _is_session(node.args[0]):
                continue
            called = _name_of(node.func, names)
            takes_actor = any(key.arg == "actor" for key in node.keywords)
            if called is not None and not takes_actor:
                yield called, f"{path.relative_to(ROOT)}:{node.lineno}"


def _imported(tree: ast.Module) -> dict[str, str]:
    """Name here → what it is, of everything that comes from `bot.services`."""
    found = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("bot.services"):
            inside = (node.module or "").removeprefix("bot.services").strip(".")
            for one in node.names:
                found[one.asname or one.name] = ".".join(filter(None, (inside, one.name)))
    return found


def _name_of(called: ast.expr, names: dict[str, str]) -> str | None:
    match called:
        case ast.Name(id=name) if name in names:
            return names[name]
        case ast.Attribute(value=value, attr=attr):
            inside = _name_of(value, names)
            return f"{inside}.{attr}" if inside is not None else None
    return None


def _is_session(argument: ast.expr) -> bool:
    match argument:
        case ast.Name(id="db") | ast.Attribute(attr="db"):
            return True
    return False


def test_each_service_that_a_screen_reads_is_told_who_asks() -> None:
    found = dict[str, list[str]]()
    for name, where in _calls():
        found.setdefault(name, []).append(where)
    assert found, "nothing was looked at"
    unknown = {name: places for name, places in found.items() if name not in WITHOUT}
    assert not unknown, "\n".join(f"{name}: {', '.join(places)}" for name, places in sorted(unknown.items()))
    assert set(found) >= WITHOUT, f"no longer called: {sorted(WITHOUT - set(found))}"
