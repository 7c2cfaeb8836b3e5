"""Distributors with their managers, and officers who may be chosen."""

from __future__ import annotations

from itertools import count

from sqlmodel import Session, col, select

from storage.enums import DistributorKind, Messenger, Role
from storage.tables import Account, Branch, Chat, CooperationRequest, Distributor, Grant, Officer
from tests.support.handler_driver import NOW, Visitor, account, officer
from tests.support.identities import national_code

_numbers = count(700_000)


def firm(db: Session, name: str = "کیان طب", *, mobile: str = "+989120000001") -> Distributor:
    """A guild with its central branch in Shiraz."""
    made = Distributor(
        kind=DistributorKind.GUILD,
        name=name,
        guild_id=f"{next(_numbers)}",
        manager_name="حمید صالحی",
        phone="07132123456",
        address="شیراز، خیابان زند، پلاک ۱۰",
        manager_mobile=mobile,
    )
    db.add(made)
    db.flush()
    branch(db, made, "مرکزی", central=True)
    return made


def branch(
    db: Session,
    of: Distributor,
    name: str,
    *,
    central: bool = False,
    province: str = "فارس",
    city: str = "شیراز",
    university: str = "sums",
) -> Branch:
    made = Branch(
        distributor_id=of.id or 0,
        name=name,
        province=province,
        city=city,
        university_code=university,
        address=f"{city}، خیابان زند، پلاک ۱۰",
        is_central=central,
    )
    db.add(made)
    db.commit()
    return made


def manager(
    db: Session, of: Distributor, last: str = "صالحی", *, messenger: Messenger = Messenger.TELEGRAM
) -> Visitor:
    person = account(db, "حمید", last)
    db.add(Grant(account_id=person.id or 0, role=Role.DISTRIBUTOR, distributor_id=of.id))
    return Visitor(db, person, Role.DISTRIBUTOR, messenger)


def eligible(db: Session, first: str = "سارا", last: str = "کریمی‌نژاد") -> Visitor:
    """An officer whom a distributor may choose."""
    person = officer(db, first, last, national_code=national_code(next(_numbers) % 1_000_000))
    found = db.get_one(Officer, person.account.id)
    found.qualified_at = NOW
    found.university_code = "sums"
    db.add(found)
    db.commit()
    return person


def code_of(person: Visitor) -> str:
    query = select(Account.national_code).join(Chat, col(Chat.account_id) == col(Account.id))
    return person.db.exec(query.where(Chat.chat_id == person.chat_id)).one() or ""


def central(db: Session, of: Distributor) -> Branch:
    return db.exec(
        select(Branch).where(Branch.distributor_id == of.id, col(Branch.is_central).is_(True))
    ).one()


def newest(db: Session) -> CooperationRequest:
    db.rollback()
    db.expire_all()
    return db.exec(select(CooperationRequest).order_by(col(CooperationRequest.id).desc())).first()  # type: ignore[return-value]


def picks(boss: Visitor, at: Branch, person: Visitor) -> Visitor:
    """The manager asks the officer to serve at a branch."""
    return boss.opens("dist.pick", at.id or 0).types(code_of(person))


def accepts(person: Visitor) -> Visitor:
    """The officer accepts the only new request."""
    return person.opens("coop.new").types("۱").taps("✅ قبول همکاری").taps("بله، قبول می‌کنم")


def approves(reviewer: Visitor) -> Visitor:
    """The expert approves the oldest waiting request."""
    return reviewer.opens("desk.coop").types("۱").taps("✅ تأیید").taps("بله، تأیید می‌کنم")


def employs(boss: Visitor, at: Branch, person: Visitor, reviewer: Visitor) -> None:
    """The whole way to a contract."""
    picks(boss, at, person)
    accepts(person)
    approves(reviewer).sees("فعال است")
