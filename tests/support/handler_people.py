"""Courses that several tests begin with."""

from sqlmodel import Session

from bot.services import accounts
from storage.enums import DistributorKind, Role
from storage.tables import Account, Distributor
from tests.support.handler_app import NOW, House, Visitor

CODE = "۹۹۹۱۲۳۴۵۶۱"
MOBILE = "+989121234567"


async def registers(
    visitor: Visitor, code: str = CODE, *, phone: str | None = "989121234567"
) -> tuple[str, str]:
    """The whole registration; the user code and the password that were shown."""
    await visitor.commands("start")
    await visitor.taps("ثبت‌نام")
    await visitor.types(code, "۱۳۶۵/۰۴/۱۲", "سارا", "کریمی‌نژاد")
    await visitor.taps("کارشناسی")
    await visitor.types("مهندسی مکانیک")
    if phone is not None:
        await visitor.shares(phone)
    else:
        await visitor.types("09121234567")
    await visitor.taps("✅ تأیید")
    return visitor.line("کد کاربری"), visitor.line("رمز عبور")


async def logs_in(visitor: Visitor, user_code: str, password: str) -> Visitor:
    await visitor.commands("start")
    await visitor.taps("ورود")
    return await visitor.types(user_code, password)


async def staff(house: House, role: Role = Role.STAFF, university: str | None = None) -> Visitor:
    """Somebody made by the command line, logged in."""
    hashed = await house.resources.passwords.hash("staffpass")

    def unit(db: Session) -> Account:
        firm = None
        if role is Role.DISTRIBUTOR:
            firm = Distributor(
                kind=DistributorKind.GUILD, name="کیان طب", guild_id="70001", manager_name="رضا"
            )
            db.add(firm)
            db.flush()
        return accounts.create_user(
            db,
            role=role,
            university_code=university,
            distributor_id=firm.id if firm is not None else None,
            name="رضا اداری",
            now=NOW,
            password_hash=hashed,
        )

    account = await house.database.run(unit)
    return await logs_in(house.visitor(), account.user_code, "staffpass")
