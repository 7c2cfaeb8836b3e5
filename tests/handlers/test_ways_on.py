"""Every screen points somewhere else, and to nothing that is not there."""

from typing import Any

from bot.core.screens import Press
from storage.enums import RejectReason, RequestState
from storage.tables import QualificationRequest
from tests.support.chat_driver import App, Person
from tests.support.chat_people import distributor, eligible, expert, officer, pick, request_of, staff, submit
from tests.support.screen_rules import missing_buttons

ROOTS = ("home", "help", "qual", "centers", "me", "general")


def walk(person: Person, shows: frozenset[str], *, depth: int = 3) -> int:
    """Open every show route that can be reached from the menu; how many screens there are."""
    seen: set[str] = set()
    waiting = [(Press(root), depth) for root in ROOTS if root in shows]
    while waiting:
        press, left = waiting.pop()
        if press.pack() in seen:
            continue
        seen.add(press.pack())
        person.press(press)
        others = [one for one in person.screen.buttons() if one.press is None or one.press != press]
        assert others, f"no way on from {press}:\n{person.text}"
        assert [one.press for one in person.screen.buttons()].count(press) == 0, f"{press} leads to itself"
        assert not missing_buttons(person.screen, person.screens[:-1]), person.text
        if left:
            waiting += [
                (one.press, left - 1) for one in others if one.press is not None and one.press.action in shows
            ]
    return len(seen)


def shows_of(app: App) -> frozenset[str]:
    return frozenset(action for action, route in app.routes.by_action.items() if route.shows)


def test_every_screen_of_every_role_leads_on(app: App) -> None:
    shows = shows_of(app)
    sara, (boss, at), leila = submit(officer(app)), distributor(app), eligible(app, "لیلا")
    maryam, reza = expert(app), staff(app)
    assert walk(officer(app, "مینا"), shows) > 5
    assert walk(app.person(), shows) > 1
    pick(boss, at, leila)
    assert walk(leila, shows) > 8
    for person in (sara, boss, maryam, reza):
        assert walk(person, shows) > 5
    for state in RequestState:
        why = RejectReason.OTHER if state is RequestState.REJECTED else None
        values: dict[str, Any] = {
            "state": state,
            "reject_reason": why,
            "reject_text": why and "مدارک ناقص است",
        }
        values |= {"reviewer_id": maryam.account.id, "fee_rial": 10, "pay_token": "t" * 32}
        app.change(QualificationRequest, request_of(sara).id, **values)
        walk(sara, shows, depth=2)


def test_nothing_is_offered_that_is_not_there(app: App) -> None:
    sara = officer(app).open("centers")
    assert "درخواست قطع همکاری" not in sara.labels
    sara.command("menu").type("بلا بلا بلا")
    assert "🏠 منوی اصلی" not in sara.labels
    submit(sara)
    app.change(QualificationRequest, request_of(sara).id, snapshot={})
    assert "📎 مدارک من" not in sara.open("qual.track").labels
    (boss, at), leila = distributor(app), eligible(app, "لیلا")
    pick(boss, at, leila)
    leila.open("coop.new").type("1").tap("❌ رد همکاری", "بدون دلیل").sees("بله، رد می‌کنم", "خیر")
    assert len(leila.labels) == 2
    leila.tap("خیر").sees("⏳ در انتظار پاسخ شما").tap("✅ قبول همکاری", "بله، قبول می‌کنم")
    expert(app).open("desk.coop").type("۱").tap("✅ تأیید", "بله، تأیید می‌کنم")
    leila.open("centers").tap("درخواست قطع همکاری").type("به شهر دیگری می‌روم.")
    assert len(leila.labels) == 2
    elsewhere = leila.elsewhere()
    leila.tap("قطع همکاری می‌کنم")
    assert next(push.buttons for push in elsewhere.pushes() if push.kind == "N19")
