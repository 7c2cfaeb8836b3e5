"""What a screen reads through a service, it reads as somebody: the service is told who asks, and asks the rules.

Found in the source of handlers and dialogues, so that a new call is covered the day it is written.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]

#: Calls that name no actor, each with its reason.
_LOGGING_IN = "nobody is logged in yet; bounded by tries"
_OWN = "by the id of the account whose chat this is"
_OPENED = "about a request that the caller has opened as its owner"
_PUBLIC = "names and rules that everybody may know"
_GIVEN = "the actor is among the arguments that all of staff's deeds share"
WITHOUT = {
    "drafts.store.drop_draft": "the draft of the turn, which the engine found for this very person",
    "drafts.store.drop_expired": "a timer's, of nobody in particular",
    **dict.fromkeys(
        (
            "accounts.account_lock",
            "accounts.by_user_code",
            "accounts.count_recovery",
            "accounts.prove",
            "accounts.chat_of",
            "accounts.count_wrong",
            "accounts.login",
            "accounts.recover",
            "accounts.refuse_if_locked",
            "accounts.refuse_recovery_if_throttled",
            "accounts.register",
            "accounts.try_national_code",
        ),
        _LOGGING_IN,
    ),
    "accounts.by_national_code": "of a person whom staff name; the deed that follows takes the actor",
    **dict.fromkeys(
        (
            "accounts.chats_of",
            "accounts.active_grants",
            "accounts.refuse_mobile_change",
            "officers.personal_details.refuse_edit",
            "qualification.unused_files.remove_unused",
            "officers.card.may_have",
            "officers.card.token_of",
            "qualification.approved_of",
            "qualification.current_open",
            "qualification.in_circulation",
            "qualification.is_qualified",
        ),
        _OWN,
    ),
    **dict.fromkeys(
        (
            "qualification.requests.case_of",
            "payments.latest",
            "qualification.open_round",
            "qualification.prefill",
        ),
        _OPENED,
    ),
    **dict.fromkeys(
        (
            "cooperation.expert_card_of",
            "qualification.review.details_of",
            "qualification.review.waiting_beside",
        ),
        "of the request that a service, told who acts, changed in the same unit",
    ),
    "cooperation.requests.COOPERATION_WORKFLOW.load": "its check with the actor follows in the next line",
    "officers.card.look_up": "live for whoever scans the card",
    **dict.fromkeys(
        (
            "shared.reference_data.document_types",
            "shared.reference_data.needs_note",
            "shared.reference_data.document_rules",
            "shared.reference_data.university_name",
            "review.routing.choices_for",
            "review.routing.has_active_expert",
            "qualification.fees.in_force",
        ),
        _PUBLIC,
    ),
    **dict.fromkeys(("accounts.annul", "accounts.lift", "accounts.reset_access", "accounts.suspend"), _GIVEN),
}


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
    assert set(WITHOUT) <= set(found), f"no longer called: {sorted(set(WITHOUT) - set(found))}"
