"""Coming in and out on two phones at one instant."""

from __future__ import annotations

import re

from sqlmodel import Session

from bot.core.screens import Press
from bot.security.passwords import Passwords
from storage.tables import Account
from tests.races import cast
from tests.races.race import Outcome, at_once, one_winner
from tests.races.submit import STALE
from tests.races.two_phones import TwoPhones

LEFT, OTHER_LEFT, OTHER_GONE = "از حساب خود خارج شدید", "از حساب شما خارج شد", "دیگر به حساب شما متصل نیست"
PASSWORD = "Sara-12345"
HASH = Passwords(weak=True).hash_now(PASSWORD)


class EachSignsOutTheOther(TwoPhones):
    def set_up(self, db: Session) -> None:
        self.account = cast.officer(db, self.here, self.there).account_id

    async def lay_out(self) -> None:
        for phone in (self.here, self.there):
            await phone.strike(Press("me.chats"))

    async def run(self) -> Outcome:
        other = re.compile("خروج از")
        heard = await at_once(
            self.chance, here=lambda: self.here.strike(other), there=lambda: self.there.strike(other)
        )
        outcome = one_winner(heard, [OTHER_LEFT], [STALE])
        self.here_stays = outcome.winner == "here"
        return outcome

    def check(self, db: Session) -> None:
        stays = {self.here_stays: self.account, not self.here_stays: None}
        assert self.chats(db) == stays
        assert self.events(db, "account", self.account) == ["signed_out"]


class LogoutAgainstSignOut(TwoPhones):
    """The chat here is left from both sides."""

    def set_up(self, db: Session) -> None:
        self.account = cast.officer(db, self.here, self.there).account_id

    async def lay_out(self) -> None:
        await self.here.strike(Press("home"))
        await self.there.strike(Press("me.chats"))

    async def run(self) -> Outcome:
        heard = await at_once(
            self.chance,
            leaves=lambda: self.here.strike("🚪 خروج"),
            signs_out=lambda: self.there.strike(re.compile("خروج از")),
        )
        return one_winner(heard, [LEFT, OTHER_LEFT], [STALE, OTHER_GONE])

    def check(self, db: Session) -> None:
        assert self.chats(db) == {True: None, False: self.account}
        assert len(self.events(db, "account", self.account)) == 1


class TwoLogins(TwoPhones):
    """Both come in; whoever was in first is told of the other."""

    def set_up(self, db: Session) -> None:
        actor = cast.officer(db)
        account = db.get_one(Account, actor.account_id)
        account.password_hash = HASH
        db.flush()
        self.account, self.code = actor.account_id, account.user_code

    async def lay_out(self) -> None:
        for phone in (self.here, self.there):
            await phone.strike(Press("login"))
            await phone.say(self.code)

    async def run(self) -> Outcome:
        heard = await at_once(
            self.chance, here=lambda: self.here.say(PASSWORD), there=lambda: self.there.say(PASSWORD)
        )
        assert all("خوش آمدید" in one.said or "🔐" in one.said for one in heard), heard
        return Outcome("both", 0)

    def check(self, db: Session) -> None:
        assert self.chats(db) == {True: self.account, False: self.account}
        assert self.events(db, "account", self.account) == ["logged_in"] * 2

    def check_phones(self) -> None:
        told = [phone.told("🔐 ورود جدید") for phone in (self.here, self.there)]
        assert sorted(told) == [0, 1]
        for phone in (self.here, self.there):
            sent = [one for one in phone.conversation.messages.values() if one.text == PASSWORD]
            assert [one.deleted for one in sent] == [True]
