"""The emulators: both messengers, the SMS provider, the bank, and the users of the messengers.

async with await Emulators.start() as emulators:
    … start the bot with emulators.env() …
    sara = emulators.telegram.person("سارا", phone="09121234567")
    await sara.start()
    await sara.tap("📝 ثبت‌نام")
    await sara.sees("کد ملی")
"""

from __future__ import annotations

from types import TracebackType
from typing import Self

from demo.bank import Bank
from demo.bank_server import BankServer
from demo.botapi.faults import Faults
from demo.botapi.state import Bot, Chat
from demo.messenger import Kind, MessengerServer
from demo.person import Person
from demo.sms import SmsServer
from demo.transcript import Transcript

#: Of the form that each messenger uses; no real messenger knows them.
TELEGRAM_TOKEN = "110201543:DEMO-TELEGRAM-TOKEN-GOOD-FOR-NOTHNG"  # noqa: S105
BALE_TOKEN = "220301654:DEMO-BALE-TOKEN-GOOD-FOR-NOTHING-AT-ALL1"  # noqa: S105
MERCHANT_ID = "11111111-2222-3333-4444-555555555555"


class EmulatedMessenger:
    """One messenger with its users, who all talk to the bot under test."""

    def __init__(self, server: MessengerServer, token: str) -> None:
        self.server = server
        self.token = token
        self.bot: Bot = server.add_bot(token)
        self.people: list[Person] = []
        #: The class of new users.
        self.person_class: type[Person] = Person

    @property
    def kind(self) -> Kind:
        return self.server.kind

    @property
    def faults(self) -> Faults:
        return self.server.faults

    def person(self, name: str, last_name: str | None = None, *, phone: str | None = None) -> Person:
        """A new user of this messenger with the mobile 09…."""
        user = self.server.state.add_user(name, last_name, phone=phone)
        person = self.person_class(self.server.state, self.bot, user)
        self.people.append(person)
        return person

    def group(self, title: str, kind: str = "group") -> Chat:
        return self.server.state.add_group(title, kind)


class Emulators:
    """Servers on free ports of this machine, all on the loop of `start`."""

    def __init__(
        self, telegram: EmulatedMessenger, bale: EmulatedMessenger, sms: SmsServer, bank_server: BankServer
    ) -> None:
        self.telegram = telegram
        self.bale = bale
        self.sms = sms
        self.bank_server = bank_server
        self.transcript = Transcript()
        for messenger in self.messengers:
            self.transcript.watch(messenger.server.state)
        sms.listeners.append(self.transcript.note_sms)

    @property
    def messengers(self) -> tuple[EmulatedMessenger, EmulatedMessenger]:
        return self.telegram, self.bale

    @property
    def bank(self) -> Bank:
        """The bank's payments: pay, cancel, faults."""
        return self.bank_server.bank

    @classmethod
    async def start(
        cls, *, host: str = "127.0.0.1", first_update_id: int = 1, first_message_id: int = 1
    ) -> Emulators:
        """All servers on free ports. With a database of an earlier run the ids must be higher than those of
        that run."""
        telegram, bale = (
            MessengerServer(
                kind, host=host, first_update_id=first_update_id, first_message_id=first_message_id
            )
            for kind in ("telegram", "bale")
        )
        sms, bank = SmsServer(host=host), BankServer(host=host)
        for server in (telegram, bale, sms, bank):
            await server.start()
        return cls(
            EmulatedMessenger(telegram, TELEGRAM_TOKEN), EmulatedMessenger(bale, BALE_TOKEN), sms, bank
        )

    def env(self) -> dict[str, str]:
        """The bot's settings for these servers. LISTEN, PUBLIC_URL, DATABASE_URL and folders are the
        caller's."""
        return {
            "TELEGRAM_TOKEN": self.telegram.token,
            "TELEGRAM_API_URL": self.telegram.server.url,
            "BALE_TOKEN": self.bale.token,
            "BALE_API_URL": self.bale.server.url,
            "PAYMENT_GATEWAY": "zarinpal",
            "ZARINPAL_URL": self.bank_server.url,
            "ZARINPAL_MERCHANT_ID": MERCHANT_ID,
            "ZIBAL_URL": self.bank_server.url,
            "ZIBAL_MERCHANT_ID": "zibal",
            "SMS_GATEWAY": "kavenegar",
            "KAVENEGAR_URL": self.sms.url,
            "KAVENEGAR_API_KEY": self.sms.key,
        }

    @property
    def violations(self) -> list[str]:
        """Every rule the bot broke on either messenger; a test asserts that there are none."""
        return [
            f"{messenger.kind}: {violation}"
            for messenger in self.messengers
            for violation in messenger.server.violations
        ]

    async def close(self) -> None:
        for server in (self.telegram.server, self.bale.server, self.sms, self.bank_server):
            await server.stop()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()
