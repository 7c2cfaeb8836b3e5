"""One turn: everything that a decision about an update may read and write, inside one unit of work."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam
from sqlmodel import Session, col, select

from bot.core.incoming import Incoming
from storage.enums import Messenger, Role
from storage.tables import Account, Chat, Draft, Grant


@dataclass(frozen=True, slots=True)
class PublicInfo:
    """Settings that sentences and links need; the same for every turn."""

    support_contact: str
    public_url: str
    #: messenger → "https://t.me/x" or "https://ble.ir/x", known after getMe
    bot_links: dict[Messenger, str] = field(default_factory=dict)
    #: How long a decision may be undone; before that is over nobody hears of it.
    decision_undo: timedelta = timedelta(0)
    #: Rial for one part of an SMS (70 letters, several parts: 67), to tell what sending one to many costs.
    sms_price: int = 0
    #: How long a letter that was sent off waits, so that it can be stopped before anybody got it.
    letter_delay: timedelta = timedelta(0)
    #: Working days after which a file that waits for its university is overdue.
    overdue_days: int = 7


@dataclass(frozen=True, slots=True)
class Actor:
    """Who asks a service for something, in which role."""

    account_id: int | None
    role: Role
    university_code: str | None = None
    messenger: Messenger | None = None
    #: Whose manager, for DISTRIBUTOR.
    distributor_id: int | None = None
    #: chat.id of where it is asked: what is done is shown there, and pushes of it go to the person's other chats.
    chat_row_id: int | None = None


SYSTEM = Actor(None, Role.SYSTEM)

_GRANTS = (
    select(Grant)
    .where(col(Grant.account_id) == bindparam("account_id"), col(Grant.active).is_(True))
    .order_by(col(Grant.id))
)


@dataclass(slots=True)
class Turn:
    """Handed to handlers, dialogues and questions. They change rows through `db`; nothing here outlives the
    unit."""

    db: Session
    now: datetime
    public_info: PublicInfo
    chat: Chat
    incoming: Incoming
    account: Account | None = None
    draft: Draft | None = None
    #: The roles held; None until `grants` is asked for. Few steps need them.
    loaded_grants: tuple[Grant, ...] | None = None
    #: (account, role, whether that role is in force), as it was read together with the chat; None: not read.
    standing: tuple[int, Role, bool] | None = None
    #: What the route's or question's `prepare` returned (files taken, password checked), else None.
    prepared: Any = None
    #: What was read once in this unit, for one place to use again.
    memo: dict[str, Any] = field(default_factory=dict, repr=False)

    @property
    def grants(self) -> tuple[Grant, ...]:
        """The roles that the account holds, read when first asked for."""
        if self.loaded_grants is None:
            account = self.account
            known = () if account is None else self.db.exec(_GRANTS, params={"account_id": account.id})
            self.loaded_grants = tuple(known)
        return self.loaded_grants

    @grants.setter
    def grants(self, grants: tuple[Grant, ...]) -> None:
        self.loaded_grants = grants

    @property
    def role(self) -> Role | None:
        """The role in force in this chat; None for a guest."""
        return self.chat.role if self.account is not None else None

    @property
    def holds_role(self) -> bool:
        """Whether the role that the chat acts in is still the account's. A function that takes a role away
        changes the chats as well; this is what counts."""
        if self.account is None or self.chat.role is None:
            return False
        if self.standing is not None and self.standing[:2] == (self.account.id, self.chat.role):
            return self.standing[2]
        return any(grant.role is self.chat.role and grant.active for grant in self.grants)

    @property
    def actor(self) -> Actor:
        """The acting account in its role. Only for turns of a logged-in chat."""
        assert self.account is not None
        assert self.chat.role is not None
        grant = next((grant for grant in self.grants if grant.role == self.chat.role and grant.active), None)
        return Actor(
            self.account.id,
            self.chat.role,
            grant.university_code if grant is not None else None,
            self.chat.messenger,
            grant.distributor_id if grant is not None else None,
            self.chat.id,
        )
