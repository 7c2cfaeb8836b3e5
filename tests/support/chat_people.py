"""People in chats: accounts with a role, logged in, and what several tests let them do."""

import re
from typing import Any

from sqlmodel import Session

from bot.core.context import SYSTEM, Actor
from bot.services import accounts, qualification
from conversations.engine.declaration import Dialogue, Step
from storage.enums import AttemptState, Messenger, RequestKind, Role
from storage.tables import (
    Account,
    Branch,
    CooperationRequest,
    Grant,
    Officer,
    PaymentAttempt,
    QualificationRequest,
)
from tests.support.chat_driver import NOW, App, Person
from tests.support.factories import distributors, people, reference_data
from tests.support.factories.qualification import attempt_row


def grant(person: Person, role: Role, **where: Any) -> None:
    """One more role."""
    person.app.add(Grant(account_id=person.account.id, role=role, **where))


def in_role(
    app: App,
    role: Role,
    first: str,
    last: str,
    university: str | None = None,
    *,
    messenger: Messenger = Messenger.TELEGRAM,
    distributor_id: int | None = None,
) -> Person:
    def unit(db: Session) -> Actor:
        made = people.account(db, first, last, chat=False)
        return people.granted(db, made, role, university, distributor_id)

    return app.person(messenger, actor=app.run(unit))


def officer(app: App, first: str = "سارا", last: str = "کریمی‌نژاد", **account: Any) -> Person:
    """Somebody registered, with nothing filed yet."""
    made = app.run(lambda db: people.officer(db, first, last, chat=False))
    if account:
        app.change(Account, made.account_id, **account)
    return app.person(actor=made)


def expert(app: App, last: str = "رضایی", *, university: str = "sums") -> Person:
    return in_role(app, Role.EXPERT, "مریم", last, university)


def in_charge(app: App, last: str = "احمدی") -> Person:
    """An expert who also assigns."""
    return in_role(app, Role.IN_CHARGE, "مریم", last, "sums")


def staff(app: App) -> Person:
    """At the menu of the directorate."""
    return in_role(app, Role.STAFF, "رضا", "اداری").command("menu")


def at_dialogue(app: App, *steps: Step, **values: Any) -> Person:
    """An officer at the first question of a dialogue of these steps, which ends in `app.finish`."""
    dialogue = Dialogue("form", steps, **{"finish": app.finish} | values)
    return officer(app.use(dialogue)).start("form")


def suspend(person: Person, reason: str = "مدارک نادرست") -> None:
    """By the directorate."""
    app, account_id = person.app, person.account.id or 0
    actor = Actor(staff(app).account.id, Role.STAFF)
    common = {"public_info": app.resources.public_info, "now": app.clock(), "death": False}
    app.run(lambda db: accounts.suspend(db, actor=actor, account_id=account_id, reason=reason, **common))


# ── a qualification request ──────────────────────────────────────────────────────────────────────────────────────────

#: Documents that everybody must send, in order.
REQUIRED_DOCUMENTS = 7


def tariff(app: App, kind: RequestKind = RequestKind.NEW, rial: int = 1_500_000) -> None:
    app.run(lambda db: reference_data.tariff(db, rial, kind))


def begin_form(person: Person, *, gender: str = "زن", province: str = "فارس", city: str = "شیراز") -> Person:
    """The form from its first question to the place of living."""
    return person.open("qual.new").type("علی").tap(gender).type("۱۲۳۴", province, city)


def fill_form(person: Person, *, gender: str = "زن") -> Person:
    """The form from its first question to the summary, for a new officer without optional documents."""
    begin_form(person, gender=gender).type("شیراز، خیابان زند، کوچه ۳، پلاک ۷")
    person.tap("تلفن ثابت ندارم")
    send_documents(person, REQUIRED_DOCUMENTS + (gender == "مرد"))
    return person.tap("هیچ‌کدام را ندارم")


def at_documents(person: Person) -> Person:
    """From the first question of the open form to the first document."""
    person.type("علی").tap("زن").type("۱۲۳۴", "فارس", "شیراز", "شیراز، خیابان زند، کوچه ۳، پلاک ۷")
    return person.tap("تلفن ثابت ندارم")


def send_documents(person: Person, number: int = 1) -> Person:
    """One file for each document, both sides of the national card on one."""
    for _ in range(number):
        person.upload()
        if "هر دو رو در همین است" in person.labels:
            person.tap("هر دو رو در همین است")
    return person


def submit(person: Person, *, gender: str = "زن") -> Person:
    """A new request, sent."""
    return fill_form(person, gender=gender).tap("ثبت نهایی", "بله")


def request_of(person: Person) -> Any:
    """The newest qualification request of an officer."""
    mine = QualificationRequest.account_id == person.account.id
    return person.app.newest(QualificationRequest, mine)


def at_request(reviewer: Person, applicant: Person) -> Person:
    """The reviewer at the newest request of an officer."""
    return reviewer.open("desk.file", request_of(applicant).id)


def at_decision(reviewer: Person, applicant: Person) -> Person:
    """The reviewer with the newest request of an officer in hand: it is taken where nobody has it."""
    at_request(reviewer, applicant)
    return reviewer.tap("📌 برداشتن پرونده") if "📌 برداشتن پرونده" in reviewer.labels else reviewer


def approve(reviewer: Person, applicant: Person) -> Person:
    return at_decision(reviewer, applicant).tap("✅ تأیید", "بله، تأیید می‌کنم")


def complete(app: App, request: QualificationRequest) -> None:
    """The bank says that the fee came."""
    request_id = request.id or 0
    app.run(
        lambda db: qualification.complete_request(
            db, request_id=request_id, now=app.clock(), actor=SYSTEM, bank_ref="778"
        )
    )


def payment_attempt(app: App, of: QualificationRequest, state: AttemptState, **values: Any) -> PaymentAttempt:
    made: PaymentAttempt = app.add(attempt_row(of.id, state=state, **values))
    return made


# ── cooperation ──────────────────────────────────────────────────────────────────────────────────────────────────────


def distributor(app: App, name: str = "کیان طب", last: str = "صالحی") -> tuple[Person, Branch]:
    """The manager of a guild, and its central branch, in Shiraz."""
    made, central = app.run(lambda db: distributors.distributor(db, name))
    return manager(app, made.id or 0, last), central


def manager(
    app: App, distributor_id: int, last: str = "صالحی", *, messenger: Messenger = Messenger.TELEGRAM
) -> Person:
    return in_role(app, Role.DISTRIBUTOR, "حمید", last, messenger=messenger, distributor_id=distributor_id)


def branch(boss: Person, name: str = "دوم", *, province: str = "فارس", city: str = "شیراز") -> Branch:
    """One more branch of the manager's distributor."""
    app, account_id = boss.app, boss.account.id
    held: Grant = app.newest(Grant, Grant.account_id == account_id, Grant.role == Role.DISTRIBUTOR)
    actor = Actor(account_id, Role.DISTRIBUTOR, distributor_id=held.distributor_id)
    return app.run(lambda db: distributors.branch(db, actor, name, province=province, city=city))


def eligible(app: App, first: str = "سارا", last: str = "کریمی‌نژاد") -> Person:
    """An officer whom a distributor may choose."""
    person = officer(app, first, last)
    app.change(Officer, person.account.id, qualified_at=NOW, university_code="sums")
    return person


def code_of(person: Person) -> str:
    return person.account.national_code or ""


def cooperation(app: App) -> Any:
    """The newest cooperation request."""
    return app.newest(CooperationRequest)


def pick(boss: Person, at: Branch, person: Person) -> Person:
    """The manager asks the officer to serve at a branch."""
    boss.open("dist.pick", at.id or 0).type(code_of(person))
    return boss.tap("بله") if "به او ارسال شود؟" in boss.text else boss


def accept(person: Person) -> Person:
    """The officer accepts the only new request."""
    return person.open("coop.new").type("۱").tap("✅ قبول همکاری", "بله، قبول می‌کنم")


def employ(boss: Person, at: Branch, person: Person, reviewer: Person) -> None:
    """The whole way to a contract."""
    pick(boss, at, person)
    accept(person)
    reviewer.open("desk.coop").type("۱").tap("✅ تأیید", "بله، تأیید می‌کنم").sees("فعال است")


def link_and_code(boss: Person) -> tuple[str, str]:
    """The token and the one-time code of the message that staff may forward."""
    whole = "\n".join(screen.text for screen in boss.screens)
    tokens = set(re.findall(r"\?start=invite_([\w-]+)", whole))
    assert len(tokens) == 1, "one link, on both messengers"
    code = re.search(r"کد یک‌بارمصرف: \D*([0-9]{6})", whole)
    assert code is not None
    return tokens.pop(), code[1]


def with_links(app: App) -> App:
    """The bot's addresses are known, so that messages can have links to it."""
    app.resources.public_info.bot_links[Messenger.TELEGRAM] = "https://t.me/bot"
    app.resources.public_info.bot_links[Messenger.BALE] = "https://ble.ir/bot"
    return app
