"""The directorate writes to officers (docs/specification.md 6, J11)."""

from collections.abc import Sequence

from demo.person import Person
from demo.seen import Seen
from tests.journeys.qualification import JourneySetup, journey
from tests.support import files
from tests.support.journey_steps import Reply, send, submit, tap, walk
from tests.support.pending import until

TOLD = "📬 نامه جدید از اداره کل"


async def write(
    resources: Person, *, to: Sequence[tuple[str, Reply]], title: str, text: str, attachment: bool = False
) -> Seen:
    """A letter from the menu to its preview; then it is sent off. What the preview showed."""

    async def attach(person: Person, seen: Seen) -> None:
        if not attachment:
            await person.tap("بدون پیوست")
            return
        await person.send_file("بخشنامه.pdf", files.pdf()).sees("فایل‌های دریافت‌شده")
        await person.tap("⬅️ ادامه")

    await resources.command("menu").tap("✉️ نامه‌ها").tap("نامه جدید")
    shown = await walk(
        resources,
        [
            *to,
            ("شماره نامه را", send("۶۶۵/۱۲")),
            ("عنوان نامه را", send(title)),
            ("متن نامه را", send(text)),
            ("«پیوست نامه»", attach),
        ],
        "نامه به این صورت دیده می‌شود",
    )
    assert title in shown.text
    assert text in shown.text
    await resources.tap("✉️ ارسال نامه").sees("فرستاده شود؟")
    await resources.tap("بله").sees("وضعیت: ")
    return shown


async def unread(person: Person, n: str) -> None:
    seen = await person.command("menu").sees("گرامی،")
    assert f"📬 صندوق پیام‌ها ({n})" in seen.labels, seen.labels


@journey("J11", "نامه‌های اداره کل به یک نفر، یک استان و همه")
async def letters(setup: JourneySetup) -> None:
    sara, other = await setup.officer_at_summary(), await setup.registered("مینا", there=True, share=False)
    mina = other.person
    await submit(sara)
    resources = (await setup.staff()).person
    await unread(sara, "۰")

    shown = await write(
        resources,
        to=[
            ("نامه برای چه کسانی", tap("یک نفر")),
            ("کد ملی یا کد کاربری", send(other.credentials.user_code)),
            ("است؟", tap("بله")),
        ],
        title="دعوت به جلسه",
        text="جلسه روز شنبه برگزار می‌شود.",
    )
    assert "مینا کریمی‌نژاد، ۱ نفر" in shown.text
    await mina.sees(TOLD, "«دعوت به جلسه»")
    await unread(mina, "۱")
    await mina.tap("📬 صندوق پیام‌ها")
    assert "🔵 دعوت به جلسه" in (await mina.sees("خوانده‌نشده: ۱")).text
    await mina.tap("۱").sees("جلسه روز شنبه")
    await unread(mina, "۰")

    shown = await write(
        resources,
        to=[("نامه برای چه کسانی", tap("یک استان")), ("استان را انتخاب کنید", send("فارس"))],
        title="بازآموزی شیراز",
        text="دوره در شیراز است.",
        attachment=True,
    )
    assert "مسئولان فنی استان فارس، ۱ نفر" in shown.text
    told = await sara.sees(TOLD, "«بازآموزی شیراز»")
    await sara.tap("مشاهده", on=told).sees("دوره در شیراز است.", "شماره: ۶۶۵/۱۲")
    await sara.tap("📎 پیوست‌ها (۱)")
    assert (await sara.sees_file()).file.content.startswith(b"%PDF")

    shown = await write(
        resources,
        to=[("نامه برای چه کسانی", tap("👥 همه"))],
        title="نشانی تازه",
        text="نشانی اداره کل تغییر کرد.",
    )
    assert "همه مسئولان فنی، ۲ نفر" in shown.text
    for person in (sara, mina):
        told = await person.sees("«نشانی تازه»")
        await person.tap("مشاهده", on=told).sees("نشانی اداره کل تغییر کرد.")
        await unread(person, "۰")
    assert sum("«نشانی تازه»" in one.text for one in sara.history()) == 1

    async def counted() -> bool:
        """Everybody saw the push; the messenger's answer that it arrived may be on its way to the bot."""
        listed = await resources.command("menu").tap("✉️ نامه‌ها").sees("نامه‌های اداره کل، از جدیدترین")
        return "گیرندگان: ۲، اعلان: ۲، خوانده‌شده: ۲" in listed.text

    await until(counted, what="both pushes are counted as sent")
