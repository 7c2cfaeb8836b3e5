"""The pay page and the return page over HTTP."""

import asyncio
import re

import pytest
from sqlmodel import Session

from bot.services import payments
from storage.enums import AttemptState, RequestState
from storage.tables import Account
from tests.bot.web.conftest import Site
from tests.support.effects import snapshot
from tests.support.payments import CODE, LINK, TOKEN


def callback(ref: str, attempt: int = 1) -> str:
    """The address to which the gateway sends the payer back after a payment."""
    return f"/pay/callback/zarinpal/{attempt}?Authority={ref}&Status=OK"


def assert_receipt(text: str) -> None:
    """Who paid, how much, and on which day."""
    for fact in ("سارا کریمی‌نژاد", "۵٬۶۰۰٬۰۰۰ ریال", "تاریخ پرداخت", "۱۴۰۵/", CODE):
        assert fact in text


async def test_the_page_says_what_is_paid_and_for_whom(site: Site) -> None:
    page = await site.pay_page()
    assert page.status_code == 200
    for fact in ("۵٬۶۰۰٬۰۰۰ ریال", "۵۶۰٬۰۰۰ تومان", "سارا کریمی‌نژاد", CODE, "پرداخت در درگاه بانک"):
        assert fact in page.text
    assert "تاریخ تأیید" in page.text
    # Gateways refuse foreign addresses: it is said above the button, before anyone is sent there.
    assert "فیلترشکن را خاموش کنید" in page.text.partition("<button>")[0]
    assert "9991234561" not in page.text
    assert await site.paying.attempts() == []  # looking is not clicking (nor is a preview of the link)


async def test_paid_and_back(site: Site) -> None:
    back = site.paying.bank.pay(await site.go_to_bank())
    assert back.startswith(f"{site.url}/pay/callback/zarinpal/1?")
    for _ in range(2):
        page = await site.http.get(back)
        assert page.status_code == 200
        for words in ("پرداخت انجام شد", "201000001", LINK):
            assert words in page.text
        assert_receipt(page.text)
    page = await site.pay_page()
    assert "پرداخت انجام شد" in page.text
    assert_receipt(page.text)
    assert "<form" not in page.text
    assert "پرداخت انجام شد" in (await site.click()).text
    assert len(await site.paying.attempts()) == 1


async def test_cancelled_and_back(site: Site) -> None:
    page = await site.http.get(site.paying.bank.cancel(await site.go_to_bank()))
    assert "پرداخت انجام نشد" in page.text
    assert "فیلترشکن را خاموش کنید" in page.text  # «تلاش دوباره» leads to the bank as well
    assert f"/pay/{TOKEN}" in page.text


async def test_a_forged_success_is_not_believed(site: Site) -> None:
    page = await site.http.get(callback(await site.go_to_bank()))
    assert "پرداختی ثبت نشده است" in page.text
    assert (await site.paying.request()).state is RequestState.AWAITING_PAYMENT


async def test_the_return_of_one_payment_says_nothing_of_another(site: Site) -> None:
    """Paid once, come back as the second click: the second is not even asked about."""
    bank = site.paying.bank
    first = await site.go_to_bank()
    site.paying.pass_time(minutes=11)
    assert await site.go_to_bank() != first
    bank.pay(first)
    for _ in range(3):
        page = await site.http.get(callback(first, 2))
        assert (page.status_code, page.text) == (404, await site.nowhere())
    assert bank.calls.get("verify", 0) == 0
    assert (await site.paying.request()).state is RequestState.AWAITING_PAYMENT


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
    await site.go_to_bank()
    before = await site.paying.database.read(snapshot)
    for page in (await site.http.get(f"/pay/{path}"), await site.http.post(f"/pay/{path}")):
        assert (page.status_code, page.text) == (404, await site.nowhere())
    assert await site.paying.database.read(snapshot) == before
    assert site.paying.bank.calls.get("verify", 0) == 0
    assert TOKEN not in page.text


async def test_withdrawn(site: Site) -> None:
    await site.paying.withdraw()
    for page in (await site.pay_page(), await site.click()):
        assert page.status_code == 200
        assert "انصراف از درخواست" in page.text
        assert "<form" not in page.text


async def test_uncertain(site: Site) -> None:
    back = site.paying.bank.pay(await site.go_to_bank())
    site.paying.bank.faults.broken = True
    for page in (await site.http.get(back), await site.pay_page(), await site.click()):
        assert "دوباره پرداخت نکنید" in page.text


async def test_while_another_process_asks_the_page_refreshes_itself(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    back = site.paying.bank.pay(await site.go_to_bank())
    gateway, pages = site.paying.resources.gateway, []
    verify = gateway.verify

    async def slowly(ref: str, amount: int) -> object:
        pages.append(await site.http.get(back))
        return await verify(ref, amount)

    monkeypatch.setattr(gateway, "verify", slowly)
    await payments.verify_and_settle(site.paying.resources, 1)
    refresh = re.search(r'http-equiv="refresh" content="4;url=([^"]+)"', pages[0].text)
    assert refresh is not None
    page = await site.http.get(refresh.group(1).replace("&amp;", "&"))
    assert "پرداخت انجام شد" in page.text


async def test_a_bank_that_is_slow_keeps_no_browser_waiting(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Servers in between cut a request off after a minute; people are gone sooner."""
    back = site.paying.bank.pay(await site.go_to_bank())
    gateway, answers = site.paying.resources.gateway, asyncio.Event()
    verify = gateway.verify

    async def slowly(ref: str, amount: int) -> object:
        await answers.wait()
        return await verify(ref, amount)

    monkeypatch.setattr(gateway, "verify", slowly)
    monkeypatch.setattr("bot.web.pay_pages.SETTLE_TIMEOUT", 0.05)
    page = await site.http.get(back)
    assert 'http-equiv="refresh"' in page.text
    assert "انجام نشد" not in page.text
    answers.set()
    async with asyncio.timeout(90):
        while "پرداخت انجام شد" not in page.text:
            page = await site.http.get(back)
    assert len(await site.paying.push_texts("N7")) == 1


async def test_the_gateway_is_down(site: Site) -> None:
    site.paying.bank.faults.down = True
    page = await site.click()
    assert page.status_code == 503
    assert "درگاه بانک پاسخ نمی‌دهد" in page.text
    assert f"/pay/{TOKEN}" in page.text


async def test_a_posted_return_works_too_and_has_a_limit(site: Site) -> None:
    ref, address = await site.go_to_bank(), "/pay/callback/zarinpal/1"
    site.paying.bank.pay(ref)
    big = await site.http.post(address, data={"Authority": "x" * 20_000})
    assert big.status_code == 413
    page = await site.http.post(address, data={"Authority": ref, "Status": "OK"})
    assert "پرداخت انجام شد" in page.text
    assert (await site.paying.attempts())[0].state is AttemptState.PAID


async def test_two_hundred_replays_of_a_return(site: Site) -> None:
    """Forged for a payment that is open: the bank is left in peace, the trail too."""
    address, bank = callback(await site.go_to_bank()), site.paying.bank
    before = sum(bank.calls.values())
    pages = [await site.http.get(address) for _ in range(200)]
    assert {page.status_code for page in pages} == {200, 429}
    assert sum(bank.calls.values()) - before <= 8
    assert len(await site.paying.trail()) == 1


async def test_two_hundred_clicks(site: Site) -> None:
    pages = [await site.click() for _ in range(200)]
    assert {page.status_code for page in pages} == {303, 429}
    assert len({page.headers["location"] for page in pages if page.status_code == 303}) == 1
    assert (site.paying.bank.calls["create"], len(await site.paying.attempts())) == (1, 1)


async def test_too_many_payments_of_one_request(site: Site) -> None:
    """The page says when to try again, in Persian, and the header says it to programs."""
    bank = site.paying.bank
    for _ in range(12):
        page = await site.click()
        if page.status_code != 303:
            break
        await site.http.get(bank.cancel(bank.last.ref))
    assert page.status_code == 429
    assert 0 < int(page.headers["retry-after"]) <= 3600
    for words in ("۱۴۰۵/۰۹/۰۱ ساعت ۱۳:۳۰ دوباره تلاش کنید", "دوباره پرداخت نکنید", LINK):
        assert words in page.text
    site.paying.pass_time(seconds=int(page.headers["retry-after"]))
    assert (await site.click()).status_code == 303


async def test_nonsense_in_a_posted_return(site: Site) -> None:
    await site.go_to_bank()
    form = "application/x-www-form-urlencoded"
    bodies = [(form, f"{field}={'9' * 5000}") for field in ("Authority", "Status", "9" * 5000)]
    bodies.append((form, "&".join(f"a{number}=1" for number in range(2000))))
    kinds = ("application/json", "multipart/form-data", "multipart/form-data; boundary=x", "x")
    bodies += [(kind, "--x\r\nnonsense" * 99) for kind in kinds]
    for kind, body in bodies:
        headers = {"content-type": kind}
        page = await site.http.post("/pay/callback/zarinpal/1", content=body, headers=headers)
        assert (page.status_code, page.text) == (404, await site.nowhere())


async def test_a_body_is_read_only_once_the_payment_is_known(site: Site) -> None:
    """Where it is not, the answer comes although nothing of the body ever does."""
    host, port = site.url.removeprefix("http://").split(":")
    unknown = ("/pay/callback/zarinpal/77", "/pay/callback/zibal/1", "/pay/" + "z" * 22, "/hook/bale/guess")
    for path in unknown:
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(
            f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 9000\r\n"
            "Content-Type: application/x-www-form-urlencoded\r\n\r\n".encode()
        )
        async with asyncio.timeout(20):
            assert b" 404 " in await reader.readuntil(b"\r\n")
        writer.close()


async def test_headers_of_every_page(site: Site) -> None:
    elsewhere = [await site.http.get(path) for path in ("/pay/" + "z" * 22, "/nowhere")]
    for page in (await site.pay_page(), await site.click(), *elsewhere):
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
    def rename(db: Session) -> None:
        db.get_one(Account, 1).first_name = '<script>alert("x")</script>{{ 7*7 }}'

    await site.paying.database.run(rename)
    page = await site.pay_page()
    assert "<script>alert" not in page.text
    assert "{{ 7*7 }}" in page.text


async def test_a_crash_says_so_in_persian(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    async def bug(*_: object) -> None:
        raise RuntimeError("bug")

    monkeypatch.setattr(site.paying.resources.gateway, "verify", bug)
    page = await site.http.get(site.paying.bank.pay(await site.go_to_bank()))
    assert page.status_code == 500
    assert "محفوظ است" in page.text
    assert "Traceback" not in page.text
