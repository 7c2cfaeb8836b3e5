"""Ten decisions of an expert, each with the file taken and all its documents seen: what they cost. `-s` prints it."""

from sqlmodel import select

from storage.enums import RequestState
from storage.tables import QualificationRequest
from tests.support.chat_driver import App
from tests.support.chat_people import expert, officer, submit, tariff
from tests.support.effort import Effort

#: What an expert's ten decisions may cost: 72 taps, 82 messages, 24,000 characters before.
TAPS, MESSAGES, CHARACTERS = 40, 40, 9_000
DECISIONS = 10


def test_ten_decisions_with_all_papers(app: App) -> None:
    tariff(app)
    for number in range(DECISIONS):
        submit(officer(app, "نگار", f"طباطبایی‌نژاد {'ابپتثجچحخد'[number]}", mobile_verified=True))
    effort = Effort(expert(app).command("menu"))
    effort.tap("📥 پرونده‌های جدید")
    effort.tap(next(one for one in effort.person.labels if one.startswith("۱. ")))
    effort.tap("📌 برداشتن پرونده")
    for number in range(DECISIONS):
        assert len(effort.person.files) == 7
        effort.tap("✅ تأیید", "بله، تأیید می‌کنم")

        if number < DECISIONS - 1:
            effort.tap("📌 برداشتن بعدی")
    decided = app.all(select(QualificationRequest))
    assert {request.state for request in decided} <= {RequestState.AWAITING_PAYMENT, RequestState.IN_REVIEW}
    print(effort, "\n", effort.person.text)
    assert effort.taps <= TAPS, effort
    assert effort.messages <= MESSAGES, effort
    assert effort.characters <= CHARACTERS, effort
