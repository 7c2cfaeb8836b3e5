"""Another page in the visitor's browser cannot play the demo: not by a form, not by a script, not under a name of its own."""

import httpx
import pytest
from playwright.async_api import Browser
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import Route

from demo.bank.ledger import PaymentState
from demo.emulators import Emulators
from demo.page.server import PageServer
from demo.same_origin import OwnAddress
from tests.support.asgi import serving
from tests.support.browser import PATIENCE

EVIL = "http://evil.example"


FOREIGN = [
    {"Host": "evil.example"},
    {"Host": "evil.example:{port}"},
    {"Host": "127.0.0.1.evil.example:{port}"},
    {"Host": "localhost:1"},
    {"Host": "127.0.0.1"},
    {"Host": "127.0.0.2:{port}"},
    {"Host": "evil@127.0.0.1:{port}"},
    {"Host": ""},
    {"Origin": EVIL},
    {"Origin": "null"},
    {"Origin": "http://127.0.0.1:1"},
    {"Origin": "http://localhost:{port}"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"},
]


@pytest.mark.parametrize("given", FOREIGN, ids=str)
async def test_nothing_is_changed_or_read(
    given: dict[str, str], server: PageServer, emulators: Emulators, http: httpx.AsyncClient
) -> None:
    person, before = server.users.roles[0].person, len(server.users.roles)
    one = f"{server.url}/emulators/people/telegram-{person.user.id}"
    headers = {name: value.format(port=server.port) for name, value in given.items()}
    for url, body in (
        (f"{one}/send", {"text": "سلام"}),
        (f"{one}/block", {"blocked": True}),
        (f"{server.url}/emulators/people", {"messenger": "bale", "name": "رضا"}),
        (f"{server.url}/emulators/network", {"messenger": "bale", "out": True}),
    ):
        assert (await http.post(url, json=body, headers=headers)).status_code == 403
    assert person.history() == []
    assert not person.conversation.blocked
    assert len(server.users.roles) == before
    assert not emulators.bale.server.is_out
    if "Sec-Fetch-Dest" not in given:  # a link may open the page
        for path in ("/emulators", "/emulators/events", "/static/main.js"):
            async with http.stream("GET", server.url + path, headers=headers) as answer:
                assert answer.status_code == 403


async def test_its_own_page_programs_and_links_are_welcome(
    server: PageServer, http: httpx.AsyncClient
) -> None:
    own = {"Origin": server.url, "Sec-Fetch-Site": "same-origin"}
    for head in ({}, own, {"Host": f"localhost:{server.port}"}, {"Host": f"[::1]:{server.port}"}):
        body = {"messenger": "bale", "name": "رضا"}
        assert (await http.post(f"{server.url}/emulators/people", json=body, headers=head)).status_code == 200
    link = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
    assert (await http.get(server.url, headers=link)).status_code == 200


async def test_messengers_bank_and_sms_too(emulators: Emulators, http: httpx.AsyncClient) -> None:
    paid_for = {"amount": 1000, "description": "x", "order_id": None, "mobile": None}
    payment = emulators.bank.create("zarinpal", merchant="m", callback="http://127.0.0.1:9/back", **paid_for)
    calls = (
        f"{emulators.telegram.server.url}/bot{emulators.telegram.token}/getMe",
        f"{emulators.bale.server.url}/bot{emulators.bale.token}/getMe",
        f"{emulators.sms.url}/v1/{emulators.sms.key}/account/info.json",
        f"{emulators.bank_server.url}/control/payments/{payment.ref}/pay",
        f"{emulators.bank_server.url}/bank/{payment.ref}/pay",
    )
    for url in calls:
        port = httpx.URL(url).port
        for given in ({"Host": f"evil.example:{port}"}, {"Origin": EVIL}, {"Sec-Fetch-Site": "cross-site"}):
            answer = await http.post(url, headers=given)
            assert answer.status_code == 403, (url, given)
    assert payment.stand is PaymentState.IN_BANK
    for url in calls[:4]:
        assert (await http.post(url)).status_code == 200, url
    assert payment.stand is not PaymentState.IN_BANK


@pytest.mark.parametrize(
    ("own", "right", "wrong"),
    [
        (
            OwnAddress("0.0.0.0", 80),
            ["192.168.1.5", "[fe80::1]:80", "localhost"],
            ["evil.example", "192.168.1.5:81"],
        ),
        (OwnAddress("demo.example.ir", 8090), ["Demo.example.ir:8090"], ["demo.example.ir", "1.2.3.4:8090"]),
        (OwnAddress("127.0.0.1", 1, ("demo.local:9",)), ["demo.local:9", "127.0.0.1:1"], ["demo.local:1"]),
    ],
)
def test_a_demo_for_others_answers_under_what_was_configured(
    own: OwnAddress, right: list[str], wrong: list[str]
) -> None:
    assert all(own.has(host) for host in right)
    assert not any(own.has(host) for host in wrong)


ATTACK = """<!doctype html><meta charset="utf-8"><script>
const post = (how) => fetch("{target}/send", {{method: "POST", body: '{{"text": "هجوم"}}', ...how}}).catch(() => 0);
const stream = new Promise((done) => {{
  const one = new EventSource("{events}"); one.onopen = () => done("open"); one.onerror = () => done("closed"); }});
const frame = document.createElement("iframe"); frame.name = "f"; document.documentElement.append(frame);
const form = Object.assign(document.createElement("form"),
  {{ action: "{target}/send", method: "post", enctype: "text/plain", target: "f" }});
form.append(Object.assign(document.createElement("input"), {{ name: '{{"text": "هجوم", "x": "', value: '"}}' }}));
document.documentElement.append(form);
(async () => {{
  await post({{mode: "no-cors"}});
  await post({{mode: "cors", headers: {{"Content-Type": "text/plain"}}}});
  const framed = new Promise((done) => {{ frame.onload = done; }});
  form.submit(); await framed;
  document.title = "tried, " + await stream;
}})();
</script>"""


async def test_in_a_real_browser(server: PageServer, browser: Browser) -> None:
    """A page of somebody else's, on another port and under a name that resolves to us."""
    person = server.users.roles[0].person
    target = f"{server.url}/emulators/people/telegram-{person.user.id}"

    async def attack(request: Request) -> HTMLResponse:
        return HTMLResponse(ATTACK.format(target=target, events=f"{server.url}/emulators/events"))

    async with serving(Starlette(routes=[Route("/", attack)])) as url:
        page = await browser.new_page()
        page.set_default_timeout(PATIENCE)
        await page.goto(url.replace("127.0.0.1", "evil.example"))
        await page.wait_for_function("document.title.startsWith('tried')")
        assert await page.title() == "tried, closed"
        assert person.history() == []
        rebound = await page.goto(f"http://evil.example:{server.port}/")
        assert rebound is not None
        assert rebound.status == 403
    assert person.history() == []
