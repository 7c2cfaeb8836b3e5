"""A database of the first release, with people in the middle of everything, goes on under this one: the real program
brings the schema up to date, and nobody has to begin anew."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlmodel import Session, col, select

from bot.core.screens import FORMER_ACTIONS, Press
from bot.services.shared.audit import FORMER_EVENTS
from bot.texts import has
from conversations.catalogue import ALL
from conversations.engine.engine import Engine
from demo.emulators import MERCHANT_ID
from demo.person import Person
from handlers import all_routes
from storage.enums import InboxState, PushState, RequestState
from storage.tables import AuditEvent, Chat, InboxUpdate, Push, QualificationRequest, StaffAlert
from tests.support.bot_process import BotProcess, bot_process
from tests.support.journey_steps import click_to_bank, come_back
from tests.support.released_database import (
    FEE,
    FIRST,
    IMPORTED,
    PAY_TOKEN,
    TRACKING_CODE,
    People,
    write_released_database,
)

pytestmark = pytest.mark.campaign


@dataclass(slots=True)
class Upgraded:
    bot: BotProcess
    sara: Person
    mina: Person
    reza: Person
    bank_ref: str


@pytest.fixture
async def upgraded(empty_url: str, tmp_path: Path) -> AsyncIterator[Upgraded]:
    async with bot_process(tmp_path, empty_url, start=False) as bot:
        emulators = bot.emulators
        sara, mina = emulators.telegram.person("سارا"), emulators.bale.person("مینا")
        reza = emulators.telegram.person("رضا")
        payment = emulators.bank.create(
            "zarinpal",
            merchant=MERCHANT_ID,
            amount=FEE,
            callback=f"http://127.0.0.1:{bot.port}/pay/callback/zarinpal/{FIRST}",
            description="-",
            order_id=None,
            mobile=None,
        )
        people = People(sara.user.id, mina.user.id, reza.user.id)
        await write_released_database(empty_url, people, bank_ref=payment.ref)
        for person in (sara, mina, reza):  # the messengers let a bot write to whoever wrote to it
            person.conversation.started = True
        await bot.command("migrate")
        await bot.start()
        yield Upgraded(bot, sara, mina, reza, payment.ref)


async def test_the_form_goes_on_at_the_question_that_was_open(upgraded: Upgraded) -> None:
    sara = upgraded.sara
    await sara.type("۰۷۱۳۲۱۲۳۴۵۶").sees("ایمیل خود را")
    # «رد کردن» as the first release packed it.
    await sara.press_raw("1|d.skip|rt||7ca694f43ecc").sees("تصویر کارت ملی")
    state = await upgraded.bot.read(
        lambda db: db.exec(select(Chat.dialogue_state).where(Chat.id == FIRST)).one()
    )
    assert state == {"step": "doc.national_card", "editing": False}


async def test_a_push_that_was_queued_is_sent_and_its_button_works(upgraded: Upgraded) -> None:
    mina = upgraded.mina
    await mina.sees("در انتظار پرداخت است")
    await mina.tap("پیگیری درخواست").sees(TRACKING_CODE)

    def pushes(db: Session) -> list[tuple[PushState, str | None]]:
        rows = db.exec(select(Push).where(Push.id == FIRST))
        return [(push.state, push.correlation_id) for push in rows]

    assert await upgraded.bot.read(pushes) == [(PushState.SENT, "update:1001")]
    assert '"correlation_id": "update:1001"' in upgraded.bot.logs


async def test_who_was_at_the_bank_meanwhile_has_paid(upgraded: Upgraded) -> None:
    bank = upgraded.bot.emulators.bank
    page = await come_back(bank.pay(upgraded.bank_ref))
    assert page.status_code == 200
    await upgraded.mina.sees(re.compile("پرداخت"))
    assert await upgraded.bot.read(request_state) is RequestState.COMPLETED


async def test_who_gave_up_at_the_bank_can_pay_now(upgraded: Upgraded) -> None:
    bank = upgraded.bot.emulators.bank
    await come_back(bank.cancel(upgraded.bank_ref))
    await click_to_bank(f"http://127.0.0.1:{upgraded.bot.port}/pay/{PAY_TOKEN}")
    assert bank.last.ref != upgraded.bank_ref
    await come_back(bank.pay(bank.last.ref))
    assert await upgraded.bot.read(request_state) is RequestState.COMPLETED


async def test_staff_find_everything_by_the_buttons_of_before(upgraded: Upgraded) -> None:
    reza = upgraded.reza
    await reza.type("نمی‌شود").sees("نامه فرستاده‌شده تغییر نمی‌کند")
    # «بله» of the second question.
    await reza.press_raw("1|d.yes|ru|7|8a3e88156ebd").sees("ارسال آغاز می‌شود")
    await reza.press_raw("1|staff.dead|||").sees("ارسال ناموفقی در انتظار نیست")
    await reza.press_raw("1|staff.updates|||").sees("ناخوانا: ۱")
    await reza.press_raw("1|staff.place|||sums").sees("دانشگاه علوم پزشکی شیراز")
    await reza.press_raw("1|staff.alerts|||").sees("هشدار انتشار پیشین")
    await reza.press_raw("1|staff.find_account|||").sees("کد کاربری")
    await reza.type(f"1000{IMPORTED}").sees("منتقل")
    await reza.press_raw("1|staff.trail|rw||")
    trail = (await reza.sees("سوابق")).text
    assert "انتقال از سامانه پیشین" in trail
    assert "تکمیل انتقال" in trail


async def test_every_row_is_there_under_its_new_name(upgraded: Upgraded) -> None:
    def rows(db: Session) -> tuple[Any, ...]:
        states = db.exec(select(InboxUpdate.state).where(InboxUpdate.id == FIRST)).all()
        alerts = db.exec(select(StaffAlert.id).where(col(StaffAlert.resolved_at).is_(None))).all()
        told = db.execute(text("SELECT count(*) FROM role_grant WHERE waiting_notified_at IS NOT NULL"))
        events = db.exec(
            select(AuditEvent.event).where(AuditEvent.subject_id == IMPORTED).order_by(col(AuditEvent.id))
        ).all()
        return list(states), list(alerts), told.scalar(), list(events)

    # The audit record stays as it was written.
    assert await upgraded.bot.read(rows) == (
        [InboxState.QUARANTINED],
        [FIRST],
        1,
        ["moved_in", "moving_in_corrected"],
    )


def request_state(db: Session) -> RequestState:
    return db.exec(select(QualificationRequest.state).where(QualificationRequest.id == FIRST + 1)).one()


def test_former_names_lead_to_names_of_today() -> None:
    routes = all_routes(Engine(ALL)).by_action
    assert not FORMER_ACTIONS.keys() & routes.keys()
    assert set(FORMER_ACTIONS.values()) <= routes.keys()
    assert Press.unpack("1f|staff.dead_one|5|2|x") == Press("staff.undelivered_push", 5, 2, "x", fresh=True)
    assert all(has(f"trail.{event}") for event in FORMER_EVENTS.values())
