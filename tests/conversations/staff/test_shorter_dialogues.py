"""Ends and bounds of the directorate's shorter dialogues."""

from types import SimpleNamespace
from typing import Any

import pytest

from bot.core.refusals import InvalidInput, Refusal, Stale
from bot.core.screens import Press
from bot.security.passwords import CHOSEN_MAX, CHOSEN_MIN
from bot.services.letters.audience import Reach
from conversations.account.password_and_mobile import checked_password
from conversations.common.searching import open_result
from conversations.staff import accounts, letter
from conversations.staff.audit_search import AUDIT_SEARCH, PastDay, WhoOrWhich
from conversations.staff.experts import GRANT, RESET_ACCESS
from storage.enums import Role
from storage.tables import Grant


def turn(*rows: Any, **answers: Any) -> Any:
    """Each row that is looked up is the next of these."""
    left = list(rows)
    draft = SimpleNamespace(answers=answers, subject_id=7)
    return SimpleNamespace(
        db=SimpleNamespace(get=lambda table, key: left.pop(0)), draft=draft, actor=None, now=None
    )


@pytest.mark.parametrize(
    ("first", "last"),
    [("2026-01-05", "2026-01-09"), ("2026-01-09", "2026-01-05"), ("2026-01-05", None), (None, None)],
)
def test_days_of_a_search_may_be_given_in_either_order(first: str | None, last: str | None) -> None:
    days = {"audit_from": first, "audit_to": last}
    found = AUDIT_SEARCH.finish(turn(), {"audit_about": "a12", **days})
    sorted_days = sorted(filter(None, days.values()))
    again = dict(zip(days, [*sorted_days, None, None], strict=False))
    assert found == AUDIT_SEARCH.finish(turn(), {"audit_about": "a12", **again})
    assert found.goto is not None  # type: ignore[union-attr]
    assert (found.goto.id, found.goto.arg) == (12, "a0")  # type: ignore[union-attr]


@pytest.mark.parametrize(("value", "kept"), [("a12", True), (12, False), (None, False)])
def test_an_answer_of_another_release_is_kept_where_it_is_a_text(value: Any, kept: bool) -> None:
    for question in (WhoOrWhich(), PastDay()):
        step: Any = None
        assert question.is_compatible(turn(), step, {}, value) is kept
    assert WhoOrWhich().format_answer(turn(), step, "a12") == "a12"
    assert PastDay().format_answer(turn(), step, "2026-11-22") == "۱۴۰۵/۰۹/۰۱"


def test_a_reset_leads_back_to_its_expert() -> None:
    assert callable(RESET_ACCESS.exit)
    assert RESET_ACCESS.exit(turn(**{GRANT: 5})) == Press("staff.expert", 5)
    assert RESET_ACCESS.exit(turn()) == Press("staff.expert")


@pytest.mark.parametrize(
    "row", [None, Grant(account_id=8, role=Role.EXPERT)], ids=["gone", "somebody else's"]
)
def test_a_role_that_is_not_this_persons_is_not_withdrawn(row: Grant | None) -> None:
    with pytest.raises(Refusal) as refused:
        accounts._withdraw(turn(row), {accounts.GRANT: 5, "deed_reason": "دلیل"})
    assert refused.value.key == "error.stale"


def test_a_letter_without_readers_is_not_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    reach = [Reach(1, 0, 0), Reach(0, 0, 0)]
    monkeypatch.setattr(letter, "_reach", lambda turn, to: reach.pop(0))
    letter._need_readers(turn(), {"letter_audience": "ALL"})
    with pytest.raises(InvalidInput) as refused:
        letter._need_readers(turn(), {"letter_audience": "ALL"})
    assert refused.value.key == "error.no_recipients"


@pytest.mark.parametrize(
    ("answers", "reach", "asks"),
    [
        ({"letter_audience": "ALL"}, Reach(2, 1, 1), False),
        ({"letter_title": "ع"}, Reach(2, 1, 1), False),
        ({"letter_title": "ع", "letter_audience": "ONE"}, Reach(2, 1, 1), False),
        ({"letter_title": "ع", "letter_audience": "ALL"}, Reach(2, 1, 1), True),
        ({"letter_title": "ع", "letter_audience": "ALL"}, Reach(2, 1, 0), False),
        ({"letter_title": "ع", "_corrects": 5}, Reach(2, 1, 1), True),
    ],
    ids=["no title yet", "no audience yet", "nobody named yet", "somebody", "nobody", "a correction"],
)
def test_who_is_asked_about_an_sms(
    monkeypatch: pytest.MonkeyPatch, answers: dict[str, Any], reach: Reach, asks: bool
) -> None:
    monkeypatch.setattr(letter, "_reach", lambda turn, to: reach)
    assert letter._has_sms(turn(), answers) is asks


@pytest.mark.parametrize(
    ("press", "rows"),
    [
        (Press("staff.open", 5), [None]),
        (Press("staff.open", 5, arg="nothing"), []),
        (Press("staff.open", 5, arg="file"), [None]),
        (Press("staff.open", 5, arg="coop"), [SimpleNamespace(tracking_code=None)]),
    ],
    ids=["no account", "no kind", "no file", "not sent yet"],
)
def test_what_was_found_and_is_gone_is_not_opened(press: Press, rows: list[Any]) -> None:
    with pytest.raises(Stale):
        open_result(turn(*rows), press)


@pytest.mark.parametrize(
    ("length", "key"),
    [
        (CHOSEN_MIN - 1, "error.password_short"),
        (CHOSEN_MIN, None),
        (CHOSEN_MAX, None),
        (CHOSEN_MAX + 1, "error.password_long"),
    ],
)
def test_how_long_a_chosen_password_is(length: int, key: str | None) -> None:
    if key is None:
        assert checked_password("پ" * length) == "پ" * length
        return
    with pytest.raises(InvalidInput) as refused:
        checked_password("پ" * length)
    assert refused.value.key == key
