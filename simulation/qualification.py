"""Stories of qualification requests: registered, left as a draft, waiting, deficient, rejected, unpaid, paid, amended.

`age` is how many days ago the last step was taken.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.core.context import Actor, Turn
from bot.core.incoming import Incoming
from bot.rules.request_items import document
from bot.services import accounts, qualification, team
from bot.services.drafts import store
from bot.services.qualification import decisions
from bot.services.qualification.drafts import FORM
from bot.services.qualification.requests import QUALIFICATION_WORKFLOW
from bot.services.revocation import revoking
from conversations.catalogue import ALL
from simulation.past import Past
from simulation.payments import Ending, pay
from simulation.stories import AT_WORK, Outside, Story
from storage.enums import Messenger, RejectReason, RequestKind
from storage.tables import Account, Chat

#: What experts write, by document.
REASONS = {
    "national_card": "تصویر کارت ملی تار است و شماره آن خوانده نمی‌شود.",
    "birth_certificate": "صفحه توضیحات شناسنامه پیوست نشده است.",
    "degree_certificate": "دانشنامه یا گواهی موقت معتبر را بارگذاری فرمایید.",
    "no_addiction": "گواهی عدم اعتیاد بیش از شش ماه اعتبار ندارد.",
    "officer_course": "مهر مؤسسه برگزارکننده روی گواهی دوره دیده نمی‌شود.",
}
_NOTES = (
    "با متقاضی تلفنی صحبت شد؛ مدارک را تا پایان هفته می‌فرستد.",
    "استعلام مدرک تحصیلی انجام شد و پاسخ مثبت بود.",
    "اصل گواهی دوره در بایگانی دانشگاه موجود است.",
)


def registered(past: Past, university: str, age: float, *, known: Mapping[str, str] | None = None) -> Story:
    """Registered, and nothing filed yet."""
    past.register(past.people.officer(university, **(known or {})))
    yield from ()


def half_filled(past: Past, university: str, age: float) -> Story:
    """A form that was left in the middle."""
    officer = past.people.officer(university)
    actor = past.register(officer)
    yield past.stories.ago(age)
    request = qualification.start_draft(past.db, actor=actor, now=past.stories.now)
    answers = qualification.prefill(past.db, request) | {
        "father_name": officer.father,
        "gender": officer.gender,
        "birth_cert_no": officer.certificate,
    }
    if past.people.dice.random() < 0.7:
        place = officer.place
        answers |= {"province": place.province, "city": place.city, "university": place.university}
    if past.people.dice.random() < 0.5:
        answers |= {"postal_address": officer.address, "phone": officer.phone}
        answers[document("national_card")] = past.paper(actor.account_id or 0, "national_card")
    dialogue = next(one for one in ALL if one.name == FORM)
    account = past.db.get_one(Account, actor.account_id)
    # As in a chat: the draft belongs to the account, whatever chat it was filled in.
    turn = Turn(
        past.db, past.stories.now, past.public_info, Chat(), Incoming(Messenger.BALE, 0, 0), account=account
    )
    store.begin_draft(turn, FORM, dialogue.version, request.id or 0, answers)


def _file(past: Past, actor: Actor, answers: Mapping[str, Any], kind: RequestKind = RequestKind.NEW) -> int:
    """Start, fill and submit; the request's id."""
    db, now = past.db, past.stories.now
    request = qualification.start_draft(db, actor=actor, now=now, kind=kind)
    full = qualification.prefill(db, request) | dict(answers)
    assert request.id is not None
    qualification.submit(db, actor=actor, request_id=request.id, answers=full, now=now)
    return request.id


def waiting(past: Past, university: str, age: float) -> Story:
    """In the queue; nobody has claimed it."""
    officer = past.people.officer(university)
    actor = past.register(officer)
    yield past.stories.ago(age)
    _file(past, actor, past.form(actor.account_id or 0, officer))


def withdrawn(past: Past, university: str, age: float) -> Story:
    officer = past.people.officer(university)
    actor = past.register(officer)
    yield past.stories.ago(age + 3)
    request = _file(past, actor, past.form(actor.account_id or 0, officer))
    yield past.stories.ago(age)
    qualification.withdraw(past.db, actor=actor, request_id=request, now=past.stories.now)


def rejected(past: Past, university: str, age: float, reason: RejectReason, *, again: bool = False) -> Story:
    """Rejected; with `again` filed once more and qualified."""
    officer = past.people.officer(university)
    actor = past.register(officer)
    yield past.stories.ago(age + 9)
    request = _file(past, actor, past.form(actor.account_id or 0, officer, "degree_certificate"))
    expert = past.expert(university)
    yield past.stories.ago(age + 4, AT_WORK)
    QUALIFICATION_WORKFLOW.claim(past.db, actor=expert, request_id=request, now=past.stories.now)
    yield past.stories.ago(age, AT_WORK)
    words = {
        RejectReason.OTHER: "سابقه محکومیت انتظامی مؤثر در استعلام دیده شد.",
        RejectReason.INVALID_DOCUMENTS: "مدرک تحصیلی در سامانه وزارت علوم یافت نشد.",
    }
    decisions.reject(
        past.db,
        actor=expert,
        request_id=request,
        reason=reason,
        text=words.get(reason),
        now=past.stories.now,
    )
    if again:
        yield past.stories.ago(age - 5)
        request = _file(past, actor, past.form(actor.account_id or 0, officer))
        yield past.stories.ago(age - 8, AT_WORK)
        _approve(past, expert, request, claim=True)
        yield past.stories.ago(age - 9)
        yield pay(past, request, Ending.PAID)
        past.free[actor.account_id or 0] = officer


def _approve(past: Past, expert: Actor, request: int, *, claim: bool = False) -> None:
    if claim:
        QUALIFICATION_WORKFLOW.claim(past.db, actor=expert, request_id=request, now=past.stories.now)
    decisions.approve(
        past.db,
        actor=expert,
        request_id=request,
        public_url=past.public_info.public_url,
        now=past.stories.now,
    )


def _declare(
    past: Past, expert: Actor, request: int, codes: tuple[str, ...], note: str | None = None
) -> None:
    decisions.declare_deficiencies(
        past.db,
        actor=expert,
        request_id=request,
        items=[document(code) for code in codes],
        reasons={document(code): REASONS[code] for code in codes},
        note=note,
        now=past.stories.now,
    )


def _resolve(past: Past, actor: Actor, request: int, codes: tuple[str, ...]) -> None:
    account_id = actor.account_id or 0
    qualification.resolve(
        past.db,
        actor=actor,
        request_id=request,
        answers={document(code): past.paper(account_id, code) for code in codes},
        note="تصویر خوانا جایگزین شد.",
        now=past.stories.now,
    )


def reviewed(
    past: Past,
    university: str,
    age: float,
    *,
    rounds: int = 0,
    ends: str = "completed",
    known: Mapping[str, str] | None = None,
    password_hash: str | None = None,
) -> Story:
    """Claimed by an expert, after `rounds` answered declarations of deficiencies `ends`: "in_review", "deficient" (one
    more declaration), "approved" (its fee is not paid), "completed", or as `Ending` names it."""
    officer = past.people.officer(university, **(known or {}))
    actor = past.register(officer, password_hash)
    account_id, expert = actor.account_id or 0, past.expert(university)
    codes = tuple(past.people.dice.sample(sorted(REASONS), past.people.dice.choice((1, 1, 2))))
    left = age + 5 + 6 * rounds + (4 if ends != "in_review" else 0)
    yield past.stories.ago(left)
    request = _file(past, actor, past.form(account_id, officer, *codes))
    yield past.stories.ago(left - 4 if ends != "in_review" or rounds else age, AT_WORK)
    QUALIFICATION_WORKFLOW.claim(past.db, actor=expert, request_id=request, now=past.stories.now)
    if past.people.dice.random() < 0.15:
        team.add_note(
            past.db,
            QUALIFICATION_WORKFLOW,
            actor=expert,
            request_id=request,
            text=past.people.dice.choice(_NOTES),
            now=past.stories.now,
        )
    for number in range(rounds):
        left -= 6
        yield past.stories.ago(left + 2, AT_WORK)
        _declare(past, expert, request, codes)
        yield past.stories.ago(age if number + 1 == rounds and ends == "in_review" else left)
        _resolve(past, actor, request, codes)
    who = actor, officer, request
    if ends == "in_review":
        return who
    if ends == "deficient":
        yield past.stories.ago(age, AT_WORK)
        note = "این بار لطفاً تصویر را در نور کافی بگیرید." if rounds else None
        _declare(past, expert, request, codes, note)
        return who
    ending = None if ends == "approved" else Ending(ends) if ends != "completed" else Ending.PAID
    yield past.stories.ago(age if ending is None else age + 1, AT_WORK)
    _approve(past, expert, request)
    if ending is None:
        return who
    yield past.stories.ago(age)
    if ending is Ending.PAID and past.people.dice.random() < 0.1:
        yield pay(past, request, Ending.CANCELLED)
    if ending is Ending.REFUND_DUE:
        yield pay(past, request, ending, meanwhile=Outside(lambda: _withdraw(past, actor, request)))
    else:
        yield pay(past, request, ending)
    if ending is Ending.PAID:
        past.free[account_id] = officer
    return who


async def _withdraw(past: Past, actor: Actor, request: int) -> None:
    await past.resources.database.run(
        lambda db: qualification.withdraw(db, actor=actor, request_id=request, now=past.stories.now)
    )


def amended(past: Past, university: str, age: float, *, ends: str) -> Story:
    """Qualified, with an amendment of address and degree later on, which `ends` "waiting", "deficient", "approved" or
    "completed"."""
    actor, officer, _ = yield from reviewed(past, university, age + 90)
    account_id, expert = actor.account_id or 0, past.expert(university)
    yield past.stories.ago(age if ends == "waiting" else age + 8)
    changes = {
        "degree_level": "phd" if officer.level == "master" else "master",
        "postal_address": f"{officer.place.city}، بلوار نمونه، کوچه {past.people.dice.randint(1, 30)}، پلاک ۴",
        document("degree_certificate"): past.paper(account_id, "degree_certificate"),
    }
    request = _file(past, actor, changes, RequestKind.AMENDMENT)
    if ends == "waiting":
        return None
    yield past.stories.ago(age + 4, AT_WORK)
    QUALIFICATION_WORKFLOW.claim(past.db, actor=expert, request_id=request, now=past.stories.now)
    yield past.stories.ago(age if ends != "completed" else age + 1, AT_WORK)
    if ends == "deficient":
        _declare(past, expert, request, ("degree_certificate",))
        return None
    _approve(past, expert, request)
    if ends == "completed":
        yield past.stories.ago(age)
        yield pay(past, request, Ending.PAID)
    return None


def revoked(past: Past, university: str, age: float) -> Story:
    """Qualified, which the directorate took back."""
    actor, _, request = yield from reviewed(past, university, age + 40)
    yield past.stories.ago(age, AT_WORK)
    past.free.pop(actor.account_id or 0, None)
    revoking.revoke(
        past.db,
        actor=past.the_staff(),
        request_id=request,
        reason="مدرک تحصیلی در استعلام دوباره تأیید نشد.",
        public_info=past.public_info,
        now=past.stories.now,
    )


def suspended(past: Past, university: str, age: float) -> Story:
    """Registered, and suspended by the directorate."""
    actor = past.register(past.people.officer(university))
    yield past.stories.ago(age, AT_WORK)
    accounts.suspend(
        past.db,
        death=False,
        actor=past.the_staff(),
        account_id=actor.account_id or 0,
        reason="تا روشن شدن نتیجه استعلام سوءپیشینه",
        public_info=past.public_info,
        now=past.stories.now,
    )


def annulled(past: Past, university: str, age: float) -> Story:
    """Registered under a mistyped code, and annulled."""
    actor = past.register(past.people.officer(university))
    past.officers.remove(actor.account_id or 0)
    yield past.stories.ago(age, AT_WORK)
    accounts.annul(
        past.db,
        actor=past.the_staff(),
        account_id=actor.account_id or 0,
        reason="کد ملی اشتباه وارد شده بود.",
        now=past.stories.now,
    )
