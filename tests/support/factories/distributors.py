"""Distributors with branches and managers."""

from dataclasses import dataclass
from itertools import count

from sqlmodel import Session

from bot.core.context import SYSTEM, Actor
from bot.services.distributors import branches, registry
from bot.services.distributors.registry import DistributorDetails
from storage.enums import DistributorKind, Role
from storage.tables import Branch, Distributor
from tests.support.factories.people import account, granted
from tests.support.factories.reference_data import NOW

_guild_numbers = count(700_100)


def distributor(
    db: Session,
    name: str = "کیان طب",
    *,
    legal_id: str | None = None,
    guild_id: str | None = None,
    manager_mobile: str | None = "+989120000001",
) -> tuple[Distributor, Branch]:
    """A company with this legal id, else a guild; and its central branch, in Shiraz. It has no manager."""
    made = registry.create_distributor(
        db,
        actor=SYSTEM,
        details=DistributorDetails(
            kind=DistributorKind.COMPANY if legal_id else DistributorKind.GUILD,
            name=name,
            number=legal_id or guild_id or f"{next(_guild_numbers)}",
            manager_name="حمید صالحی",
            province="فارس",
            city="شیراز",
            address="شیراز، خیابان زند، پلاک ۱۰",
            phone="07132123456",
            manager_mobile=manager_mobile,
        ),
        now=NOW,
    )
    return made.distributor, made.central


def manager(db: Session, distributor_id: int, *, mobile: str | None = None, chat: bool = True) -> Actor:
    made = account(db, "حمید", "صالحی", chat=chat, mobile=mobile)
    return granted(db, made, Role.DISTRIBUTOR, distributor_id=distributor_id)


@dataclass
class ManagedDistributor:
    """A distributor with two managers, and the ids of its two branches in Shiraz."""

    id: int
    manager: Actor
    deputy: Actor
    central: int
    east: int


def managed_distributor(
    db: Session, name: str = "کیان طب", *, mobile: str | None = None, chats: bool = True, **identity: str
) -> ManagedDistributor:
    """Both managers have the mobile of the distributor. `identity` is a `legal_id` or a `guild_id`."""
    made, central = distributor(db, name, manager_mobile=mobile, **identity)
    first, deputy = (manager(db, made.id, mobile=mobile, chat=chats) for _ in range(2))
    return ManagedDistributor(made.id, first, deputy, central.id, branch(db, first).id)


def branch(
    db: Session, actor: Actor, name: str = "شعبه شرق", *, province: str = "فارس", city: str = "شیراز"
) -> Branch:
    """A branch opened by a manager."""
    return branches.define_branch(
        db,
        actor=actor,
        name=name,
        province=province,
        city=city,
        address=f"{city}، بلوار نصر، پلاک ۲",
        now=NOW,
    )
