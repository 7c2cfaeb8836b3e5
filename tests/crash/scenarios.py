"""What an officer does from beginning to end, and how often each scenario is chosen."""

from collections.abc import Awaitable, Callable

from tests.crash import cooperation
from tests.crash import officer_steps as steps
from tests.crash.crowd import Crowd
from tests.crash.officer import Officer, Task, University
from tests.support.journey_steps import SUMMARY, form, walk


async def _file(officer: Officer, crowd: Crowd) -> tuple[University, str]:
    """A request at a random university, and its code."""
    university = officer.rng.choice(crowd.universities)
    return university, await _file_at(officer, crowd, university)


async def _file_at(officer: Officer, crowd: Crowd, university: University) -> str:
    await steps.register(officer)
    await steps.fill_form(officer, crowd, university)
    return await steps.send_form(officer)


async def qualify(officer: Officer, crowd: Crowd) -> None:
    await steps.be_qualified(officer, crowd, *await _file(officer, crowd))


async def resolve_deficiencies(officer: Officer, crowd: Crowd) -> None:
    university, code = await _file(officer, crowd)
    await steps.resolve_deficiencies(officer, university, code)
    if (told := await steps.hear_approval(officer, code)) is not None:
        await steps.pay(officer, crowd, told)


async def file_again(officer: Officer, crowd: Crowd) -> None:
    """Rejected for the documents, and filed again as it was."""
    university, code = await _file(officer, crowd)
    await steps.be_rejected(officer, university, code, "reject")
    await walk(officer.here, [], SUMMARY)
    await _file_anew(officer, crowd, university)


async def change_region(officer: Officer, crowd: Crowd) -> None:
    """Filed in the wrong region, rejected, and filed in the right one."""
    wrong, right = officer.rng.sample(list(crowd.universities), 2)
    code = await _file_at(officer, crowd, wrong)
    await steps.be_rejected(officer, wrong, code, "wrong region")
    await walk(officer.here, form(province=right.province, city=right.city)[3:5], SUMMARY)
    await _file_anew(officer, crowd, right)


async def _file_anew(officer: Officer, crowd: Crowd, university: University) -> None:
    officer.expect("qualification.started")
    code = await steps.send_form(officer)
    await steps.be_qualified(officer, crowd, university, code)


async def withdraw(officer: Officer, crowd: Crowd) -> None:
    """Before anybody looked at it, or instead of paying."""
    university, code = await _file(officer, crowd)
    if officer.rng.random() < 0.5:
        await university.put(Task(officer, code, "approve"))
        if await steps.hear_approval(officer, code) is None:
            return
    await steps.withdraw(officer)


async def cooperate(officer: Officer, crowd: Crowd) -> None:
    """Qualified, and then chosen by a distributor, whose branches are in the first university's province."""
    await qualify(officer, crowd)
    if crowd.candidates_left:
        crowd.candidates_left -= 1
        await cooperation.cooperate(officer, crowd, crowd.universities[0])


async def leave_draft(officer: Officer, crowd: Crowd) -> None:
    await steps.register(officer)
    await steps.leave_draft(officer)


#: Name → share, and how it goes.
SCENARIOS: dict[str, tuple[int, Callable[[Officer, Crowd], Awaitable[None]]]] = {
    "qualifies": (3, qualify),
    "changes messenger": (2, qualify),
    "resolves deficiencies": (2, resolve_deficiencies),
    "cooperates": (4, cooperate),
    "files again": (1, file_again),
    "changes region": (1, change_region),
    "withdraws": (2, withdraw),
    "leaves a draft": (3, leave_draft),
}
