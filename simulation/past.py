"""What all stories of the past share: the services' resources, who works where, sample documents."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any

import httpx
from sqlmodel import Session

from bot.application.resources import Resources
from bot.core.context import Actor, PublicInfo
from bot.core.incoming import Incoming
from bot.messengers.processing.inbox_store import load_turn
from bot.rules import validators
from bot.rules.request_items import document
from bot.services.accounts import registration, sessions
from bot.services.accounts.registration import Registration
from bot.services.drafts import files
from demo import sample_documents
from simulation.people import Officer, People
from simulation.stories import Stories
from storage.enums import Messenger, Role
from storage.tables import StoredFile

#: Chats of this past: no phone of the demo has such a number.
_FIRST_CHAT = 990_000_000
#: Not every officer sends them.
_OPTIONAL = ("retraining", "work_experience", "former_release", "other")


@dataclass(slots=True)
class University:
    experts: list[Actor] = field(default_factory=list)
    head: Actor | None = None


@dataclass(slots=True)
class Past:
    resources: Resources
    stories: Stories
    people: People
    #: To the bank's page.
    http: httpx.AsyncClient
    #: Of everybody whom nobody plays: a hash of a password that nobody knows.
    nobody: str
    universities: dict[str, University] = field(default_factory=dict)
    staff: Actor | None = None
    #: (document, whether it can be read) → checked and encrypted, the bytes in the store.
    samples: dict[tuple[str, bool], StoredFile] = field(default_factory=dict)
    #: Qualified officers without a centre: account.id → who they are.
    free: dict[int, Officer] = field(default_factory=dict)
    #: Everybody registered or imported: account.id.
    officers: list[int] = field(default_factory=list)
    #: Accounts that a visitor plays: what is new to them stays so.
    played: set[int] = field(default_factory=set)
    #: SMS that came back.
    undelivered: int = 0
    _chats: int = 0

    @property
    def db(self) -> Session:
        return self.stories.db

    @property
    def public_info(self) -> PublicInfo:
        return self.resources.public_info

    def expert(self, university: str) -> Actor:
        """One of its experts; every second time the first, whom a visitor may play."""
        there = self.universities[university].experts
        return there[0] if self.people.dice.random() < 0.5 else self.people.dice.choice(there)

    def the_staff(self) -> Actor:
        assert self.staff is not None
        return self.staff

    async def store_samples(self) -> None:
        """Every sample document once through the document library, and the blurred picture of some."""

        turns = asyncio.Semaphore(2)

        async def store(code: str, kind: str) -> None:
            async with turns:
                await store_in_turn(code, kind)

        async def store_in_turn(code: str, kind: str) -> None:
            name = sample_documents.SAMPLE_DOCUMENTS[code].name
            content = await asyncio.to_thread(sample_documents.jpeg, code, "نمونه", kind)

            async def fetch() -> bytes:
                return content

            file = await self.resources.documents.store_upload(0, fetch, f"{name}.jpg", side=code)
            self.samples[code, kind == "sharp"] = file

        blurred = ("national_card", "birth_certificate", "degree_certificate", "no_addiction")
        await asyncio.gather(
            *(store(code, "sharp") for code in sample_documents.SAMPLE_DOCUMENTS),
            *(store(code, "blurred") for code in blurred),
        )

    def paper(self, account_id: int, code: str, *, readable: bool = True) -> list[int]:
        """A document of this account."""
        sample = self.samples.get((code, readable)) or self.samples[code, True]
        stored = files.keep(self.db, account_id=account_id, file=sample)
        assert stored.id is not None
        return [stored.id]

    def papers(self, account_id: int, officer: Officer, *unreadable: str) -> dict[str, list[int]]:
        """The documents of a form."""
        codes = [code for code in sample_documents.SAMPLE_DOCUMENTS if not code.endswith("_back")]
        wanted = [
            code
            for code in codes
            if not (code == "military_card" and officer.gender == "female")
            and not (code in _OPTIONAL and self.people.dice.random() < 0.8)
        ]
        return {
            document(code): self.paper(account_id, code, readable=code not in unreadable) for code in wanted
        }

    def form(self, account_id: int, officer: Officer, *unreadable: str) -> dict[str, Any]:
        """A full form."""
        return {
            "first_name": officer.first_name,
            "last_name": officer.last_name,
            "degree_level": officer.level,
            "field_of_study": officer.field,
            "father_name": officer.father,
            "gender": officer.gender,
            "birth_cert_no": officer.certificate,
            "province": officer.place.province,
            "city": officer.place.city,
            "university": officer.place.university,
            "postal_address": officer.address,
            "phone": officer.phone,
            "email": officer.email,
            **self.papers(account_id, officer, *unreadable),
        }

    def register(self, officer: Officer, password_hash: str | None = None) -> Actor:
        """The officer registers in a chat of their own, reads code and password, and logs out."""
        self._chats += 1
        messenger = Messenger.TELEGRAM if self._chats % 3 else Messenger.BALE
        incoming = Incoming(messenger, self._chats, _FIRST_CHAT + self._chats)
        turn = load_turn(self.db, incoming, self.stories.now, self.public_info)
        born = validators.birth_date(officer.born, self.stories.now.date())
        account = registration.register(
            self.db,
            chat=turn.chat,
            given=Registration(
                national_code=validators.national_code(officer.national_code),
                birth_date=born,
                first_name=officer.first_name,
                last_name=officer.last_name,
                level_code=officer.level,
                field_code=officer.field,
                field_note=None,
                mobile=validators.mobile(officer.mobile),
                mobile_verified=True,
            ),
            password_hash=password_hash or self.nobody,
            now=self.stories.now,
        )
        assert account.id is not None
        actor = Actor(account.id, Role.OFFICER)
        sessions.logout(self.db, actor=actor, chat=turn.chat, now=self.stories.now)
        self.officers.append(account.id)
        return actor
