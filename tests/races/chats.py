"""One account on two messengers, used at one instant: what is done once is done once, and answers do not mix."""

import re
from collections.abc import Sequence

from sqlmodel import Session, col, select

from bot.core.screens import Press
from bot.security.passwords import Passwords
from bot.services.cooperation import termination
from storage.enums import ContractState, PushChannel, TerminationState
from storage.tables import Account, Chat, Contract, Draft, Push, QualificationRequest, Termination
from storage.tables.column_types import utcnow
from tests.races import fixtures
from tests.races.qualification import CODE, Submission
from tests.races.race import STALE, Heard, Outcome, Race, Round, Side, press_all, pressing, sending

LEFT, OTHER_LEFT, OTHER_GONE = "از حساب خود خارج شدید", "آن ورود بسته شد", "پیش‌تر بسته شده است"
SIGN_OUT = re.compile("بستن")
PASSWORD = "Sara-12345"
HASH = Passwords(weak=True).hash_now(PASSWORD)


class TwoPhones(Round):
    """`here` and `there` are phones of one account, on either messenger."""

    def bring_phones(self) -> None:
        self.here, self.there = self.shuffled(*self.environment.pair("سارا"))
        self.manager, _ = self.environment.pair("مدیر")

    def accounts(self, db: Session) -> list[int | None]:
        """To whom the chats here and there belong."""
        keys = [phone.key for phone in (self.here, self.there)]
        chats = [select(Chat.account_id).where(Chat.messenger == m, Chat.chat_id == id_) for m, id_ in keys]
        return [db.exec(one).one() for one in chats]

    def names(self, db: Session, subject: str, subject_id: int | None) -> list[str]:
        return [one.event for one in self.events(db, subject, subject_id)]


class TwoTerminations(TwoPhones):
    """Both phones confirm the end of the same contract, or one gives it up."""

    won = ("✅ نهایی‌شده", "لغو شد")
    label = "قطع همکاری می‌کنم"

    def set_up(self, db: Session) -> None:
        officer, code = fixtures.qualified(db, self.here, self.there)
        contract = fixtures.employed(
            db, fixtures.distributor(db, self.manager), officer, code, self.experts.ali
        )
        draft = termination.draft(
            db, actor=officer, contract_id=contract.id or 0, reason="تغییر محل زندگی", now=utcnow()
        )
        self.id, self.contract = draft.id or 0, contract.id or 0

    async def open_buttons(self) -> None:
        for phone in (self.here, self.there):
            await phone.press_and_read(Press("term.confirm", self.id))

    def sides(self) -> dict[str, Side]:
        return {"ends": pressing(self.here, "قطع همکاری می‌کنم"), "ends_too": pressing(self.there, self.label)}

    def check(self, db: Session) -> None:
        state = db.get_one(Termination, self.id).state
        assert state in (TerminationState.FINALIZED, TerminationState.CANCELLED)
        self.ended = state is TerminationState.FINALIZED
        assert len(self.names(db, "termination", self.id)) == 2
        contract = db.get_one(Contract, self.contract)
        assert (contract.state is ContractState.ACTIVE) == (not self.ended)
        assert len(self.names(db, "contract", self.contract)) == 1 + self.ended
        texts = select(Push).where(
            Push.kind == "N19", Push.channel == PushChannel.SMS, col(Push.key).contains(f":{self.id}:")
        )
        assert len(db.exec(texts).all()) == self.ended

    def check_phones(self) -> None:
        assert self.manager.received("پایان داد") == self.ended
        # The phone that ended it reads so on its screen; the other one is told.
        assert sum(phone.received("✅ قطع همکاری با") for phone in (self.here, self.there)) == self.ended


class TerminateAgainstCancel(TwoTerminations):
    label = "همکاری ادامه یابد"


class EachSignsOutTheOther(TwoPhones):
    won = (OTHER_LEFT,)

    def set_up(self, db: Session) -> None:
        self.account = fixtures.officer(db, self.here, self.there).account_id

    async def open_buttons(self) -> None:
        for phone in (self.here, self.there):
            await phone.press_and_read(Press("me.chats"))

    def sides(self) -> dict[str, Side]:
        return {"here": pressing(self.here, SIGN_OUT), "there": pressing(self.there, SIGN_OUT)}

    def check(self, db: Session) -> None:
        here_stays = self.outcome.winner == "here"
        assert self.accounts(db) == ([self.account, None] if here_stays else [None, self.account])
        assert self.names(db, "account", self.account) == ["signed_out"]


class LogoutAgainstSignOut(EachSignsOutTheOther):
    """The chat here is signed out from both phones."""

    won, lost = (LEFT, OTHER_LEFT), (STALE, OTHER_GONE)

    async def open_buttons(self) -> None:
        await self.here.press_and_read(Press("home"))
        await self.there.press_and_read(Press("me.chats"))

    def sides(self) -> dict[str, Side]:
        return {"leaves": pressing(self.here, "🚪 خروج"), "signs_out": pressing(self.there, SIGN_OUT)}

    def check(self, db: Session) -> None:
        assert self.accounts(db) == [None, self.account]
        assert len(self.names(db, "account", self.account)) == 1


class TwoLogins(TwoPhones):
    """Both log in; the first is told of the other."""

    def set_up(self, db: Session) -> None:
        self.account = fixtures.officer(db).account_id
        account = db.get_one(Account, self.account)
        account.password_hash, self.code = HASH, account.user_code
        db.flush()

    async def open_buttons(self) -> None:
        for phone in (self.here, self.there):
            await phone.press_and_read(Press("login"))
            await phone.send_and_read(self.code)

    def sides(self) -> dict[str, Side]:
        return {"here": sending(self.here, PASSWORD), "there": sending(self.there, PASSWORD)}

    def judge(self, heard: Sequence[Heard]) -> Outcome:
        assert all("خوش آمدید" in one.said or "🔐" in one.said for one in heard), heard
        return Outcome("both", 0)

    def check(self, db: Session) -> None:
        assert self.accounts(db) == [self.account, self.account]
        assert self.names(db, "account", self.account) == ["logged_in"] * 2

    def check_phones(self) -> None:
        phones = (self.here, self.there)
        assert sorted(phone.received("🔐 ورود جدید") for phone in phones) == [0, 1]
        for phone in phones:
            sent = [one for one in phone.conversation.messages.values() if one.text == PASSWORD]
            assert [one.deleted for one in sent] == [True]


class OneQuestion(TwoPhones):
    """The same question is answered on both phones: both answers are taken, one after the other, and the later one
    stands. What is submitted is what the summary showed (`SubmitAgainstEdit`)."""

    def set_up(self, db: Session) -> None:
        self.names_given = {"here": "عباس", "there": "حسن"}
        owner = fixtures.officer(db, self.here, self.there)
        self.answers = fixtures.form(db, owner)
        del self.answers["father_name"]
        self.id = fixtures.draft(db, owner, self.answers)
        self.account = owner.account_id

    async def open_buttons(self) -> None:
        for phone in (self.here, self.there):
            await phone.press_and_read(Press("qual.draft", self.id))

    def sides(self) -> dict[str, Side]:
        return {side: sending(getattr(self, side), name) for side, name in self.names_given.items()}

    def judge(self, heard: Sequence[Heard]) -> Outcome:
        # All else is answered, so each is shown everything with an answer in its place.
        shown = {one.side: re.search("نام پدر: (.*)", one.said) for one in heard}
        assert all(shown.values()), heard
        assert {side: found.group(1) for side, found in shown.items() if found} == self.names_given
        return Outcome("both", 0)

    def check(self, db: Session) -> None:
        draft = db.exec(select(Draft).where(Draft.account_id == self.account)).one()
        assert draft.version == 2
        answers = [self.answers | {"father_name": name} for name in self.names_given.values()]
        assert dict(draft.answers) in answers


class SubmitAgainstEdit(Submission):
    """One phone submits what its summary showed while the other changes an answer."""

    async def open_buttons(self) -> None:
        self.here, self.there = self.shuffled(*self.phones)
        await self.to_the_last_question(self.here)
        await press_all(self.there, Press("qual.draft", self.id), "✏️ نام پدر")

    def sides(self) -> dict[str, Side]:
        return {"submits": pressing(self.here), "edits": sending(self.there, "عباس")}

    async def run(self) -> Outcome:
        outcome = await super().run()
        await self.there.reads("متوجه پیام شما نشدم" if self.submitted else "نام پدر: عباس")
        return outcome

    def judge(self, heard: Sequence[Heard]) -> Outcome:
        submits = next(one.said for one in heard if one.side == "submits")
        self.submitted = STALE not in submits
        assert not self.submitted or CODE in submits, submits
        return Outcome("submits" if self.submitted else "edits", 1)

    def check(self, db: Session) -> None:
        if self.submitted:
            super().check(db)
            assert db.get_one(QualificationRequest, self.id).snapshot["father_name"] == "علی"
            return
        draft = db.exec(select(Draft).where(Draft.account_id == self.owner)).one()
        assert draft.answers["father_name"] == "عباس"
        assert db.get_one(QualificationRequest, self.id).tracking_code is None

    def check_phones(self) -> None:
        if self.submitted:
            super().check_phones()


CHATS = Race(
    "chats",
    (
        TwoTerminations,
        EachSignsOutTheOther,
        SubmitAgainstEdit,
        LogoutAgainstSignOut,
        TerminateAgainstCancel,
        OneQuestion,
        TwoLogins,
    ),
)
