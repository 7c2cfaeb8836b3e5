"""How many stories of each kind there are, at which university and when."""

from __future__ import annotations

from datetime import timedelta

from simulation import centres, directorate, qualification
from simulation.centres import Centre
from simulation.past import Past
from simulation.stories import AT_WORK, Story
from storage.enums import RejectReason

DAYS = 548
#: Waiting files by university, by how many days ago they came: each university has a queue of another age.
QUEUES = {
    "sums": (0.2, 0.6, 1, 1, 2, 3, 4, 6, 7, 9, 11, 13),
    "tums": (0.3, 1, 2, 3, 5, 8, 11, 14, 17, 20, 24, 26),
    "mums": (0.5, 1, 2, 3, 4, 5),
    "tbzmed": (2, 9, 16, 23, 33, 44),
}
#: Of every university: (ends, rounds before, ages)
OPEN = (
    ("in_review", 0, (1, 4, 12)),
    ("in_review", 1, (2,)),
    ("deficient", 0, (1, 4, 9, 21)),
    ("deficient", 1, (2, 8)),
    ("approved", 0, (0.5, 3, 7, 19, 34)),
)
#: (ends, at, ages), one of each age.
MONEY = (
    ("uncertain", "sums", (0.2,)),
    ("wrong_amount", "tums", (2,)),
    ("refund_due", "sums", (5,)),
    ("refund_due", "mums", (16,)),
)
AMENDMENTS = (
    ("waiting", "sums", 2),
    ("waiting", "tums", 6),
    ("deficient", "sums", 5),
    ("approved", "mums", 4),
    ("completed", "tbzmed", 30),
    ("completed", "tums", 60),
)
REJECTED = (
    (RejectReason.WRONG_REGION, False, 6),
    (RejectReason.UNRELATED_FIELD, False, 18),
    (RejectReason.INVALID_DOCUMENTS, False, 37),
    (RejectReason.OTHER, False, 65),
    (RejectReason.INCORRECT_DATA, False, 90),
    (RejectReason.WRONG_REGION, True, 120),
    (RejectReason.INCORRECT_DATA, True, 170),
    (RejectReason.INVALID_DOCUMENTS, True, 220),
    (RejectReason.UNRELATED_FIELD, False, 260),
    (RejectReason.INCORRECT_DATA, True, 300),
)
#: Requests that centres made: ends → ages. The visitor's company has the first of each but the last two. "closed" is a "contract"
#: whose officer was asked by a rival as well.
COOPERATION: dict[str, tuple[float, ...]] = {
    "contract": (11, 30, 33, 61, 75, 90, 120, 150, 180, 210, 250, 300),
    "closed": (10, 55),
    "asked": (1, 2, 3, 5, 8, 15),
    "accepted": (1, 2, 4, 6, 9, 14, 22),
    "claimed": (2, 5),
    "refused": (4, 26, 80, 140),
    "rejected": (12, 45, 110),
    "withdrawn": (13, 70),
    "given_up": (20, 95),
    "freed": (24, 160),
    "terminated": (6, 48, 130, 200),
    "termination_draft": (3,),
    "termination_cancelled": (28,),
}
#: Of the qualified of these months, per university.
COMPLETED = 16


def begin_all(past: Past, managers: list[Centre]) -> None:
    """Every story at its moment."""
    for code in QUEUES:
        _at_university(past, code)
    _exceptions(past)
    _centres(past, managers)
    _directorate(past)


def _registers(past: Past, story: Story, age: float) -> None:
    """Begin a story with a registration some days before its first step, which is `age` days ago."""
    age = min(age + 1 + past.people.dice.random() * 5, DAYS - 2)
    past.stories.tell(story, past.stories.ago(age))


def _at_university(past: Past, code: str) -> None:
    for age in QUEUES[code]:
        _registers(past, qualification.waiting(past, code, age), age)
    for ends, rounds, open_ages in OPEN:
        for age in open_ages:
            story = qualification.reviewed(past, code, age, rounds=rounds, ends=ends)
            _registers(past, story, age + 9 + 6 * rounds)
    for number in range(COMPLETED):
        age = 4 + number * 31 + past.people.dice.random() * 25
        rounds = (0, 0, 0, 1, 0, 2)[number % 6]
        story = qualification.reviewed(past, code, age, rounds=rounds)
        _registers(past, story, age + 10 + 6 * rounds)
    for age in (3, 17, 60):
        _registers(past, qualification.half_filled(past, code, age), age)
    for age in (0.4, 5, 40):
        _registers(past, qualification.registered(past, code, age), age)


def _exceptions(past: Past) -> None:
    codes = tuple(QUEUES)
    for ends, code, ages in MONEY:
        for age in ages:
            _registers(past, qualification.reviewed(past, code, age, ends=ends), age + 10)
    for ends, code, age in AMENDMENTS:
        _registers(past, qualification.amended(past, code, age, ends=ends), age + 105)
    for number, (reason, again, age) in enumerate(REJECTED):
        code = codes[number % len(codes)]
        _registers(past, qualification.rejected(past, code, age, reason, again=again), age + 10)
    _registers(past, qualification.withdrawn(past, "sums", 7), 11)
    _registers(past, qualification.withdrawn(past, "tums", 50), 54)
    _registers(past, qualification.revoked(past, "tums", 35), 90)
    _registers(past, qualification.suspended(past, "mums", 25), 40)
    _registers(past, qualification.annulled(past, "tbzmed", 15), 30)


def _directorate(past: Past) -> None:
    stories = past.stories
    for days, to, number, title, text in directorate.LETTERS:
        stories.tell(directorate.letter(past, to, number, title, text), stories.ago(days))
    month, day = timedelta(days=28), timedelta(days=1)
    lately = stories.until - timedelta(days=3)
    stories.tell(directorate.routine(past, directorate.OLD_JOBS, month, lately), stories.ago(DAYS - 20))
    stories.tell(directorate.routine(past, directorate.LATE_JOBS, day, stories.until), lately)
    stories.tell(directorate.leave(past, "tums"), stories.ago(3, AT_WORK))


def _centres(past: Past, managers: list[Centre]) -> None:
    others = managers[1:]
    for ends, ages in COOPERATION.items():
        for number, age in enumerate(ages):
            mine = number == 0 and not ends.startswith("termination")
            centre = managers[0] if mine else others[(number * 5 + len(ends)) % len(others)]
            rival = others[number] if ends == "closed" else None
            story = centres.asked(past, centre, age, ends=ends, rival=rival)
            begins = (
                age if ends == "asked" else age + (3 if ends in ("refused", "withdrawn", "accepted") else 9)
            )
            past.stories.tell(story, past.stories.ago(begins))
