"""The pay page and the return page over HTTP."""

import asyncio
import re
from datetime import timedelta

import pytest

from bot.services import payments
from storage.enums import AttemptState, RequestState
from tests.bot.web.conftest import Site
from tests.support.payments import CODE, LINK, TOKEN


async def through_the_bank(site: Site) -> str:
    """Press the button; the bank's address of this payment."""
    gone = await site.http.post(f"/pay/{TOKEN}")
    assert gone.status_code == 303
    return gone.headers["location"]


async def test_the_page_says_what_is_paid_and_for_whom(site: Site) -> None:
    page = await site.http.get(f"/pay/{TOKEN}")
    assert page.status_code == 200
    for fact in ("۵٬۶۰۰٬۰۰۰ ریال", "۵۶۰٬۰۰۰ تومان", "سارا کریمی‌نژاد", CODE, "پرداخت در درگاه بانک"):
        assert fact in page.text
    assert "9991234561" not in page.text
    assert await site.world.attempts() == []  # looking is not clicking (nor is a preview of the link)


async def test_paid_and_back(site: Site) -> None:
    address = await through_the_bank(site)
    bank = site.world.bank
    assert address.endswith(bank.last.ref)
    back = bank.pay(bank.last.ref)
    assert back.startswith(f"{site.url}/pay/callback/zarinpal/1?")
    for _ in range(2):
        page = await site.http.get(back)
        assert page.status_code == 200
        assert "پرداخت انجام شد" in page.text
        assert "201000001" in page.text
        assert LINK in page.text
    page = await site.http.get(f"/pay/{TOKEN}")
    assert "پرداخت انجام شد" in page.text
    assert "<form" not in page.text
    again = await site.http.post(f"/pay/{TOKEN}")
    assert "پرداخت انجام شد" in again.text
    assert len(await site.world.attempts()) == 1


async def test_cancelled_and_back(site: Site) -> None:
    await through_the_bank(site)
    page = await site.http.get(site.world.bank.cancel(site.world.bank.last.ref))
    assert "پرداخت انجام نشد" in page.text
    assert f"/pay/{TOKEN}" in page.text


async def test_a_forged_success_is_not_believed(site: Site) -> None:
    await through_the_bank(site)
    ref = site.world.bank.last.ref
    page = await site.http.get(f"/pay/callback/zarinpal/1?Authority={ref}&Status=OK")
    assert "پرداختی ثبت نشده است" in page.text
    assert (await site.world.request()).state is RequestState.AWAITING_PAYMENT


async def test_the_return_of_one_payment_says_nothing_of_another(site: Site) -> None:
    """Paid once, come back as the second click: the second is not even asked about."""
    bank = site.world.bank
    await through_the_bank(site)
    first = bank.last.ref
    site.world.pass_time(minutes=11)
    await through_the_bank(site)
    assert bank.last.ref != first
    bank.pay(first)
    nowhere = (await site.http.get("/pay/" + "z" * 22)).text
    for _ in range(3):
        page = await site.http.get(f"/pay/callback/zarinpal/2?Authority={first}&Status=OK")
        assert (page.status_code, page.text) == (404, nowhere)
    assert bank.calls.get("verify", 0) == 0
    assert (await site.world.request()).state is RequestState.AWAITING_PAYMENT


@pytest.mark.parametrize(
    "path",
    [
        "callback/zarinpal/1?Authority=A00000000000000000000000000000000000&Status=OK",
        "callback/zarinpal/1?Status=OK",
        "callback/zarinpal/1",
        "callback/zarinpal/99?Authority=x&Status=OK",
        "callback/zarinpal/99999999999999999999999?Authority=x",
        f"callback/zarinpal/{'9' * 5000}?Authority=x",
        "callback/zarinpal/۱?Authority=x",
        "callback/zarinpal/-1?Authority=x",
        "callback/zarinpal/1_0?Authority=x",
        f"callback/zarinpal/1?Authority={'9' * 5000}&Status={'9' * 5000}",
        f"callback/{'9' * 5000}/1",
        "9" * 5000,
        "callback/zibal/1?trackId=1&success=1",
        "callback/nobody/1",
        "callback/zarinpal/one",
        "yyyyyyyyyyyyyyyyyyyyyy",
        "short",
        "' OR 1=1 --",
        "../../etc/passwd",
        "%00",
        "",
    ],
)
async def test_every_address_that_leads_nowhere_looks_the_same(site: Site, path: str) -> None:
    await through_the_bank(site)
    page = await site.http.get(f"/pay/{path}")
    other = await site.http.get("/pay/" + "z" * 22)
    assert (page.status_code, page.text) == (404, other.text)
    assert site.world.bank.calls.get("verify", 0) == 0
    assert TOKEN not in page.text


async def test_withdrawn(site: Site) -> None:
    await site.world.withdraw()
    for page in (await site.http.get(f"/pay/{TOKEN}"), await site.http.post(f"/pay/{TOKEN}")):
        assert page.status_code == 200
        assert "انصراف از درخواست" in page.text
        assert "<form" not in page.text


async def test_uncertain(site: Site) -> None:
    await through_the_bank(site)
    bank = site.world.bank
    bank.faults.broken = True
    page = await site.http.get(bank.pay(bank.last.ref))
    assert "دوباره پرداخت نکنید" in page.text
    assert "دوباره پرداخت نکنید" in (await site.http.get(f"/pay/{TOKEN}")).text
    assert "دوباره پرداخت نکنید" in (await site.http.post(f"/pay/{TOKEN}")).text


async def test_while_another_process_asks_the_page_refreshes_itself(site: Site) -> None:
    await through_the_bank(site)
    world, bank = site.world, site.world.bank
    back = bank.pay(bank.last.ref)
    verify = world.resources.gateway.verify
    pages = []

    async def slowly(ref: str, amount: int) -> object:
        pages.append(await site.http.get(back))
        return await verify(ref, amount)

    world.resources.gateway.verify = slowly  # type: ignore[method-assign,assignment]
    await payments.verify_and_settle(world.resources, 1)
    refresh = re.search(r'http-equiv="refresh" content="4;url=([^"]+)"', pages[0].text)
    assert refresh is not None
    page = await site.http.get(refresh.group(1).replace("&amp;", "&"))
    assert "پرداخت انجام شد" in page.text


async def test_a_bank_that_is_slow_keeps_no_browser_waiting(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Servers in between cut a request off after a minute; people are gone sooner."""
    await through_the_bank(site)
    world, answers = site.world, asyncio.Event()
    back, verify = world.bank.pay(world.bank.last.ref), world.resources.gateway.verify

    async def slowly(ref: str, amount: int) -> object:
        await answers.wait()
        return await verify(ref, amount)

    monkeypatch.setattr(world.resources.gateway, "verify", slowly)
    monkeypatch.setattr("bot.web.pay_pages.SETTLE_TIMEOUT", 0.05)
    page = await site.http.get(back)
    assert 'http-equiv="refresh"' in page.text
    assert "انجام نشد" not in page.text
    answers.set()
    async with asyncio.timeout(10):
        while "پرداخت انجام شد" not in page.text:
            page = await site.http.get(back)
    assert len(await world.told("N7")) == 1


async def test_the_gateway_is_down(site: Site) -> None:
    site.world.bank.faults.down = True
    page = await site.http.post(f"/pay/{TOKEN}")
    assert page.status_code == 503
    assert "درگاه بانک پاسخ نمی‌دهد" in page.text
    assert f"/pay/{TOKEN}" in page.text


async def test_a_posted_return_works_too_and_has_a_limit(site: Site) -> None:
    await through_the_bank(site)
    bank = site.world.bank
    bank.pay(bank.last.ref)
    address = "/pay/callback/zarinpal/1"
    big = await site.http.post(address, data={"Authority": "x" * 20_000})
    assert big.status_code == 413
    page = await site.http.post(address, data={"Authority": bank.last.ref, "Status": "OK"})
    assert "پرداخت انجام شد" in page.text
    assert (await site.world.attempts())[0].state is AttemptState.PAID


async def test_two_hundred_replays_of_a_return(site: Site) -> None:
    """Forged for a payment that is open: the bank is left in peace, the trail too."""
    await through_the_bank(site)
    world, ref = site.world, site.world.bank.last.ref
    before = sum(world.bank.calls.values())
    pages = [await site.http.get(f"/pay/callback/zarinpal/1?Authority={ref}&Status=OK") for _ in range(200)]
    assert {page.status_code for page in pages} == {200, 429}
    assert sum(world.bank.calls.values()) - before <= 8
    assert len(await world.trail()) == 1


async def test_two_hundred_clicks(site: Site) -> None:
    bank = site.world.bank
    pages = [await site.http.post(f"/pay/{TOKEN}") for _ in range(200)]
    assert {page.status_code for page in pages} == {303, 429}
    assert len({page.headers["location"] for page in pages if page.status_code == 303}) == 1
    assert (bank.calls["create"], len(await site.world.attempts())) == (1, 1)


async def test_too_many_payments_of_one_request(site: Site) -> None:
    """The page says when to try again, in Persian, and the header says it to programs."""
    world = site.world
    for _ in range(12):
        page = await site.http.post(f"/pay/{TOKEN}")
        if page.status_code != 303:
            break
        await site.http.get(world.bank.cancel(world.bank.last.ref))
    assert page.status_code == 429
    assert 0 < int(page.headers["retry-after"]) <= 3600
    assert "۱۴۰۵/۰۹/۰۱ ساعت ۱۳:۳۰ دوباره تلاش کنید" in page.text
    assert "دوباره پرداخت نکنید" in page.text
    assert LINK in page.text
    world.moment += timedelta(seconds=int(page.headers["retry-after"]))
    assert (await site.http.post(f"/pay/{TOKEN}")).status_code == 303


async def test_numbers_without_end_in_a_posted_return(site: Site) -> None:
    await through_the_bank(site)
    nowhere = (await site.http.get("/pay/" + "z" * 22)).text
    for field in ("Authority", "Status", "9" * 5000):
        page = await site.http.post("/pay/callback/zarinpal/1", data={field: "9" * 5000})
        assert (page.status_code, page.text) == (404, nowhere)
    for kind in ("application/json", "multipart/form-data", "multipart/form-data; boundary=x", "x"):
        page = await site.http.post(
            "/pay/callback/zarinpal/1", content=b"--x\r\nnonsense" * 99, headers={"content-type": kind}
        )
        assert (page.status_code, page.text) == (404, nowhere)
    many = "&".join(f"a{number}=1" for number in range(2000))
    page = await site.http.post(
        "/pay/callback/zarinpal/1",
        content=many,
        headers={"content-type": "application/x-www-form-urlencoded"},
    )
    assert (page.status_code, page.text) == (404, nowhere)


async def test_a_body_is_read_only_once_the_payment_is_known(site: Site) -> None:
    """Where it is not, the answer comes although nothing of the body ever does."""
    host, port = site.url.removeprefix("http://").split(":")
    for path in (
        "/pay/callback/zarinpal/77",
        "/pay/callback/zibal/1",
        "/pay/" + "z" * 22,
        "/hook/bale/guess",
    ):
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(
            f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 9000\r\n"
            "Content-Type: application/x-www-form-urlencoded\r\n\r\n".encode()
        )
        async with asyncio.timeout(20):
            assert b" 404 " in await reader.readuntil(b"\r\n")
        writer.close()


async def test_headers_of_every_page(site: Site) -> None:
    pages = [
        await site.http.get(f"/pay/{TOKEN}"),
        await site.http.get("/pay/" + "z" * 22),
        await site.http.post(f"/pay/{TOKEN}"),
        await site.http.get("/nowhere"),
    ]
    for page in pages:
        policy = page.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert page.headers["referrer-policy"] == "strict-origin"
        assert page.headers["cache-control"] == "no-store"
        assert "noindex" in page.headers["x-robots-tag"]
        assert page.headers["x-content-type-options"] == "nosniff"
        assert "set-cookie" not in page.headers
        assert not re.search(r'(src|href)="https?://(?!t\.me)', page.text)


async def test_a_hostile_name_stays_text(site: Site) -> None:
    def rename(db: object) -> None:
        from sqlmodel import Session

        from storage.tables import Account

        assert isinstance(db, Session)
        db.get_one(Account, 1).first_name = '<script>alert("x")</script>{{ 7*7 }}'

    await site.world.database.run(rename)
    page = await site.http.get(f"/pay/{TOKEN}")
    assert "<script>alert" not in page.text
    assert "{{ 7*7 }}" in page.text


async def test_health(site: Site) -> None:
    assert (await site.http.get("/health")).json() == {"ok": True, "database": True}
    await site.world.database.close()
    assert (await site.http.get("/health")).status_code == 503


async def test_a_crash_says_so_in_persian(site: Site) -> None:
    async def bug(*_: object) -> None:
        raise RuntimeError("bug")

    await through_the_bank(site)
    site.world.resources.gateway.verify = bug  # type: ignore[method-assign,assignment]
    page = await site.http.get(site.world.bank.pay(site.world.bank.last.ref))
    assert page.status_code == 500
    assert "محفوظ است" in page.text
    assert "Traceback" not in page.text
