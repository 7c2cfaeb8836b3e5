"""Each answer of a gateway, and the whole of what is made of it; each call, and the whole of what is sent."""

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from bot.config.settings import Settings
from bot.gateways import factory
from bot.gateways.http import make_client, parse_int, post_json, with_retries
from bot.gateways.interfaces import (
    CallbackHint,
    Created,
    GatewayDown,
    GatewayRefused,
    NotPaid,
    Redirect,
    Retry,
    SmsAccepted,
    SmsRejected,
    SmsResult,
    SmsRetry,
    SmsStatus,
    Unverified,
    Verified,
    WrongAmount,
)
from bot.gateways.kavenegar import Kavenegar, fit_token
from bot.gateways.zarinpal import Zarinpal, parse_answer
from bot.gateways.zibal import Zibal

Gateway = Zarinpal | Zibal | Kavenegar


class Provider:
    """Answers in turns, the last one again and again; notes each call as (path, what was sent)."""

    def __init__(self, *answers: Any) -> None:
        self.answers, self.calls = list(answers), list[tuple[str, Any]]()
        self.client = httpx.AsyncClient(transport=httpx.MockTransport(self._answer))

    def _answer(self, request: httpx.Request) -> httpx.Response:
        body = request.content.decode()
        sent = json.loads(body) if body.startswith("{") else dict(httpx.QueryParams(body))
        self.calls.append((request.url.path, sent))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        status, body = answer if isinstance(answer, tuple) else (200, answer)
        return httpx.Response(status, json=body)

    def zarinpal(self) -> Zarinpal:
        return Zarinpal(self.client, url="https://pay.test//", merchant_id="m", wait=0.0)

    def zibal(self) -> Zibal:
        return Zibal(self.client, url="https://pay.test/", merchant_id="m", wait=0.0)

    def kavenegar(self, **more: Any) -> Kavenegar:
        return Kavenegar(self.client, url="https://sms.test/", api_key="k", **more)


ASKED: dict[str, Any] = {
    "amount_rial": 1000,
    "order_id": 7,
    "description": "هزینه",
    "callback_url": "https://bot.test/cb",
    "mobile": None,
}
LOST = httpx.ReadTimeout("late")


async def outcome(call: Any) -> object:
    """What a call returns, or what it raises as (class, its words, whether staff are alerted)."""
    try:
        return await call
    except GatewayRefused as error:
        return GatewayRefused, str(error), error.alert
    except GatewayDown as error:
        return GatewayDown, str(error)


# ── Zarinpal ─────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_what_is_sent_to_zarinpal() -> None:
    provider = Provider({"data": {"code": 100, "authority": "A1"}})
    gateway = provider.zarinpal()
    assert await gateway.create(**ASKED) == Created("A1", Redirect("https://pay.test/pg/StartPay/A1"))
    await gateway.create(**ASKED | {"mobile": "+989121234567", "description": "x" * 501})
    await gateway.verify("A1", 1000)
    await gateway.inquire("A1")
    await gateway.unverified()
    await gateway.check()
    base = {"merchant_id": "m"}
    asked = base | {"amount": 1000, "currency": "IRR", "callback_url": "https://bot.test/cb"}
    order = {"order_id": "7", "auto_verify": False}
    assert provider.calls == [
        ("/pg/v4/payment/request.json", asked | {"description": "هزینه", "metadata": order}),
        (
            "/pg/v4/payment/request.json",
            asked | {"description": "x" * 500, "metadata": order | {"mobile": "09121234567"}},
        ),
        ("/pg/v4/payment/verify.json", base | {"authority": "A1", "amount": 1000}),
        ("/pg/v4/payment/inquiry.json", base | {"authority": "A1"}),
        ("/pg/v4/payment/unVerified.json", base),
        ("/pg/v4/payment/unVerified.json", base),
    ]


@pytest.mark.parametrize(
    ("answer", "made"),
    [
        ({"data": {"code": 100, "authority": ""}}, (GatewayDown, "code 100")),
        ({"data": {"code": 101, "authority": "A1"}}, (GatewayRefused, "refused with 101", True)),
        ({"errors": {"code": -51}}, (GatewayRefused, "refused with -51", True)),
        ({"errors": {"code": -52}}, (GatewayDown, "code -52")),
        ({"errors": {"code": -12}}, (GatewayRefused, "refused with -12", False)),
        ({"errors": {"code": -9}}, (GatewayRefused, "refused with -9", True)),
        ({}, (GatewayDown, "code None")),
        ((400, {}), (GatewayDown, "HTTP 400")),
        ((399, {}), (GatewayDown, "code None")),
        (LOST, (GatewayDown, "ReadTimeout")),
    ],
)
async def test_zarinpal_opens_no_payment(answer: Any, made: object) -> None:
    provider = Provider(answer)
    assert await outcome(provider.zarinpal().create(**ASKED)) == made
    assert len(provider.calls) == 1, "asking for a payment is never repeated"


@pytest.mark.parametrize(
    ("answer", "made", "calls"),
    [
        ({"data": {"code": 100, "ref_id": 201, "card_pan": "5022"}}, Verified("201", "5022", False, {"code": 100, "ref_id": 201, "card_pan": "5022"}), 1),
        ({"data": {"code": "101"}}, Verified("A1", None, True, {"code": "101"}), 1),
        ({"errors": {"code": -50}}, WrongAmount(-50, {"code": -50}), 1),
        ({"errors": {"code": -51}}, NotPaid(-51, {"code": -51}), 1),
        *(({"errors": {"code": code}}, NotPaid(code, {"code": code}, alert=True), 1) for code in (-53, -54, -55)),
        ({"errors": {"code": -11}}, Retry(-11, {"code": -11}, alert=True), 1),
        ({"errors": {"code": -52}}, Retry(None, {"trouble": "code -52"}), 3),
        ({"data": []}, Retry(None, {"trouble": "code None"}), 3),
        ((502, {}), Retry(None, {"trouble": "HTTP 502"}), 3),
        (LOST, Retry(None, {"trouble": "ReadTimeout"}), 3),
    ],
)  # fmt: skip
async def test_zarinpal_is_asked_for_the_money(answer: Any, made: object, calls: int) -> None:
    provider = Provider(answer)
    assert await provider.zarinpal().verify("A1", 1000) == made
    assert len(provider.calls) == calls


async def test_zarinpal_answers_at_the_last_try() -> None:
    provider = Provider(LOST, (502, {}), {"data": {"code": 100}})
    assert await provider.zarinpal().verify("A1", 1000) == Verified("A1", answer={"code": 100})


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        *(
            ({"data": {"code": 100, "status": status}}, state)
            for status, state in {"PAID": "paid", "VERIFIED": "verified", "IN_BANK": "pending", "FAILED": "failed", "REVERSED": "reversed", "x": "unknown"}.items()
        ),
        *(({"errors": {"code": code}}, "failed") for code in (-53, -54, -55)),
        ({"errors": {"code": -50}}, "unknown"),
        ({}, "unknown"),
    ],
)  # fmt: skip
async def test_the_state_at_zarinpal(answer: Any, state: str) -> None:
    assert await Provider(answer).zarinpal().inquire("A1") == state


async def test_payments_that_wait_at_zarinpal() -> None:
    listed = [{"authority": "A1", "amount": "5"}, {"authority": 3}, "x", {"authority": "A2"}]
    provider = Provider({"data": {"code": 100, "authorities": listed}})
    assert await provider.zarinpal().unverified() == [Unverified("A1", 5), Unverified("A2")]
    assert await outcome(Provider({}).zarinpal().unverified()) == (GatewayDown, "code None")


@pytest.mark.parametrize(
    ("answer", "made"),
    [
        ({"data": {"code": 100}}, None),
        ({"data": {"code": 101}}, (GatewayRefused, "refused with 101", True)),
        ({"errors": {"code": -11}}, (GatewayRefused, "refused with -11", True)),
        ({}, (GatewayDown, "no code")),
    ],
)
async def test_the_merchant_at_zarinpal(answer: Any, made: object) -> None:
    provider = Provider(answer)
    assert await outcome(provider.zarinpal().check()) == made
    assert len(provider.calls) == 1


@pytest.mark.parametrize(
    ("body", "parsed"),
    [
        ({"data": {"code": 1}, "errors": []}, (1, {"code": 1})),
        ({"data": {"code": 1}, "errors": {}}, (1, {"code": 1})),
        ({"data": {"code": 1}, "errors": {"code": 2}}, (2, {})),
        ({"errors": {"a": "x", "b": ["y", "-54", "3"]}}, (-54, {})),
        ({"errors": {"a": ["y"]}}, (None, {})),
        ({"data": [1], "errors": "x"}, (None, {})),
    ],
)
def test_codes_of_zarinpal(body: dict[str, Any], parsed: tuple[Any, Any]) -> None:
    assert parse_answer(body) == parsed


def test_what_a_browser_brings_back() -> None:
    zarinpal, zibal = Provider({}).zarinpal(), Provider({}).zibal()
    assert zarinpal.parse_callback({"Authority": "A1", "Status": "OK"}) == CallbackHint("A1", True)
    assert zarinpal.parse_callback({"Status": "NOK"}) == CallbackHint(None, False)
    assert zibal.parse_callback({"trackId": "5", "success": "1"}) == CallbackHint("5", True)
    assert zibal.parse_callback({"success": "0"}) == CallbackHint(None, False)


# ── Zibal ────────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_what_is_sent_to_zibal() -> None:
    provider = Provider({"result": 100, "trackId": "5", "amount": 1000})
    gateway = provider.zibal()
    assert await gateway.create(**ASKED) == Created("5", Redirect("https://pay.test/start/5"))
    await gateway.create(**ASKED | {"mobile": "+989121234567"})
    await gateway.verify("5", 1000)
    await gateway.inquire("5")
    await gateway.check()
    assert await gateway.unverified() == []
    asked = {
        "merchant": "m",
        "amount": 1000,
        "callbackUrl": "https://bot.test/cb",
        "description": "هزینه",
        "orderId": "7",
    }
    assert provider.calls == [
        ("/v1/request", asked),
        ("/v1/request", asked | {"mobile": "09121234567"}),
        ("/v1/verify", {"merchant": "m", "trackId": 5}),
        ("/v1/inquiry", {"merchant": "m", "trackId": 5}),
        ("/v1/inquiry", {"merchant": "m", "trackId": 1}),
    ]


@pytest.mark.parametrize(
    ("answer", "made"),
    [
        ({"result": 100}, (GatewayDown, "result 100")),
        ({"result": 100, "trackId": 0}, (GatewayDown, "result 100")),
        ({"result": 201, "trackId": 5}, (GatewayRefused, "refused with 201", True)),
        ({}, (GatewayDown, "result None")),
        ((400, {}), (GatewayDown, "HTTP 400")),
        ((400, {"result": 105}), (GatewayRefused, "refused with 105", True)),
    ],
)
async def test_zibal_opens_no_payment(answer: Any, made: object) -> None:
    provider = Provider(answer)
    assert await outcome(provider.zibal().create(**ASKED)) == made
    assert len(provider.calls) == 1


PAID = {"result": 100, "amount": 1000, "refNumber": 9, "cardNumber": "5022"}


@pytest.mark.parametrize(
    ("answers", "made"),
    [
        ([PAID], Verified("9", "5022", False, PAID)),
        ([{"result": 201, "amount": "1000"}], Verified("5", None, True, {"result": 201, "amount": "1000"})),
        ([{"result": 201}, {"result": 100, "amount": 1000}], Verified("5", None, True, {"result": 201, "amount": 1000})),
        ([{"result": 201}, {"result": 100}], Retry(201, {"result": 201})),
        ([{"result": 201}, {"result": 100, "amount": 999}], WrongAmount(201, {"result": 201, "amount": 999})),
        ([{"result": 201}, LOST], Retry(None, {"trouble": "ReadTimeout"})),
        ([{"result": 100, "amount": 1001}], WrongAmount(100, {"result": 100, "amount": 1001})),
        ([{"result": 202}], NotPaid(202, {"result": 202})),
        ([{"result": 203}], NotPaid(203, {"result": 203}, alert=True)),
        ([{"result": 102}], Retry(102, {"result": 102}, alert=True)),
        ([{}], Retry(None, {"trouble": "no result"})),
        ([LOST], Retry(None, {"trouble": "ReadTimeout"})),
    ],
)  # fmt: skip
async def test_zibal_is_asked_for_the_money(answers: list[Any], made: object) -> None:
    assert await Provider(*answers).zibal().verify("5", 1000) == made


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        *(({"result": 100, "status": status}, "failed") for status in (3, 4, 12)),
        *(({"result": 100, "status": status}, "reversed") for status in (15, 16, 18)),
        *(({"result": 100, "status": status}, "unknown") for status in (0, 13, 14, 17, None, "x")),
        ({"result": 100, "status": -1}, "pending"),
        ({"result": 100, "status": 1}, "verified"),
        ({"result": 100, "status": "2"}, "paid"),
        ({"result": 203, "status": 1}, "failed"),
        ({}, "unknown"),
    ],
)
async def test_the_state_at_zibal(answer: Any, state: str) -> None:
    assert await Provider(answer).zibal().inquire("5") == state


@pytest.mark.parametrize(
    ("answer", "made"),
    [
        *(({"result": code}, (GatewayRefused, f"refused with {code}", True)) for code in (102, 103, 104)),
        *(({"result": code}, None) for code in (100, 101, 105, 203)),
        ({}, (GatewayDown, "no result")),
    ],
)
async def test_the_merchant_at_zibal(answer: Any, made: object) -> None:
    assert await outcome(Provider(answer).zibal().check()) == made


# ── Kavenegar ────────────────────────────────────────────────────────────────────────────────────────────────────────


def told(status: int, entries: Any = None, http_status: int = 200) -> tuple[int, Any]:
    return http_status, {"return": {"status": status}, "entries": entries}


async def sent(provider: Provider, **more: Any) -> SmsResult:
    templates = {"left": "officer-left"}
    gateway = provider.kavenegar(templates=templates, sender=more.pop("sender", None))
    return await gateway.send(to="+989121234567", text="سلام", idempotency_id=41, **more)


async def test_what_is_sent_to_kavenegar() -> None:
    provider = Provider(told(200, [{"messageid": 5, "cost": "12"}, {"messageid": 6}]))
    plain = {"receptor": "09121234567", "message": "سلام", "localid": "41"}
    for more in ({}, {"sender": "2000"}, {"template": "other", "tokens": ("a",)}, {"template": "left"}):
        assert await sent(provider, **more) == SmsAccepted("5", 12)
    assert await sent(provider, template="left", tokens=("a b", "c d")) == SmsAccepted("5", 12)
    await provider.kavenegar().credit()
    assert provider.calls == [
        ("/v1/k/sms/send.json", plain),
        ("/v1/k/sms/send.json", plain | {"sender": "2000"}),
        ("/v1/k/sms/send.json", plain),
        ("/v1/k/sms/send.json", plain),
        (
            "/v1/k/verify/lookup.json",
            {"receptor": "09121234567", "template": "officer-left", "token": "a\u200cb", "token10": "c d"},
        ),
        ("/v1/k/account/info.json", {}),
    ]


@pytest.fixture
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the wait before another try."""
    assert with_retries.__defaults__ == (0.5,)
    monkeypatch.setattr(with_retries, "__defaults__", (0.0,))


LOOKUP: dict[str, Any] = {"template": "left", "tokens": ("a",)}


@pytest.mark.parametrize(
    ("answer", "plain", "lookup"),
    [
        (told(200, [{"messageid": 0}]), SmsAccepted("0"), SmsAccepted("0")),
        (told(200, [{"cost": 1}]), SmsRetry("accepted without a message id"), SmsRetry("accepted without a message id", unknown=True)),
        (told(200, ["x"]), SmsRetry("accepted without a message id"), SmsRetry("accepted without a message id", unknown=True)),
        (told(200), SmsRetry("accepted without a message id"), SmsRetry("accepted without a message id", unknown=True)),
        (LOST, SmsRetry("ReadTimeout"), SmsRetry("ReadTimeout", unknown=True)),
        ((502, {"x": 1}), SmsRetry("HTTP 502"), SmsRetry("HTTP 502", unknown=True)),
        *((told(status), SmsRetry(f"status {status}"), SmsRetry(f"status {status}")) for status in (402, 409, 429, 451, 500, 502, 599)),
        *((told(status), SmsRejected(f"status {status}", alert=True), SmsRejected(f"status {status}", alert=True)) for status in (401, 403, 407, 412, 416, 418, 420, 424, 426, 427, 501)),
        *((told(status), SmsRejected(f"status {status}"), SmsRejected(f"status {status}")) for status in (400, 411, 414, 499)),
    ],
)  # fmt: skip
async def test_what_kavenegar_says_of_a_message(answer: Any, plain: SmsResult, lookup: SmsResult) -> None:
    """A lookup has no local id: what may have been taken is not sent again at once."""
    assert await sent(Provider(answer)) == plain
    assert await sent(Provider(answer), **LOOKUP) == lookup


@pytest.mark.parametrize(
    ("value", "spaces", "fitted"),
    [
        ("a b c", 0, "a\u200cb\u200cc"),
        ("a b c", 1, "a b"),
        ("a b c", 2, "a b c"),
        ("a_b\n c", 5, "a b c"),
        ("x" * 101, 0, "x" * 100),
        ("", 0, ""),
    ],
)
def test_a_token_within_its_bounds(value: str, spaces: int, fitted: str) -> None:
    assert fit_token(value, spaces) == fitted


@pytest.mark.usefixtures("_at_once")
async def test_what_became_of_messages_is_asked_for_in_parts_and_again() -> None:
    ids = [str(number) for number in range(501)]
    provider = Provider(
        LOST,
        told(200, [{"messageid": 0, "status": 10}, {"messageid": 1, "status": "6"}]),
        told(200, [{"messageid": 500, "status": None}]),
    )
    assert await provider.kavenegar().status(ids) == {
        "0": SmsStatus.DELIVERED,
        "1": SmsStatus.FAILED,
        "500": SmsStatus.UNKNOWN,
    }
    assert [body["messageid"].count(",") for _, body in provider.calls] == [499, 499, 0]
    assert await provider.kavenegar().status([]) == {}


@pytest.mark.usefixtures("_at_once")
async def test_kavenegar_that_does_not_say_what_became_of_them() -> None:
    provider = Provider(told(418))
    assert await outcome(provider.kavenegar().status(["1"])) == (GatewayDown, "status 418")
    assert len(provider.calls) == 3


@pytest.mark.parametrize(
    ("answer", "made"),
    [
        (told(200, {"remaincredit": "700"}), 700),
        (told(200, {}), None),
        (told(200, [1]), None),
        (told(403), (GatewayRefused, "refused with 403", True)),
        ((502, {}), (GatewayDown, "HTTP 502")),
    ],
)
async def test_the_credit_at_kavenegar(answer: Any, made: object) -> None:
    assert await outcome(Provider(answer).kavenegar().credit()) == made


# ── what all of them share ───────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("value", "number"),
    [(5, 5), (-5, -5), ("5", 5), (" -5 ", -5), ("--5", None), ("5.0", None), ("۵", None), ("", None), (True, None), (False, None), (5.0, None), (None, None), ([], None)],
)  # fmt: skip
def test_whole_numbers_of_a_gateway(value: object, number: int | None) -> None:
    assert parse_int(value) == number


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (httpx.ConnectError("https://x/secret"), "ConnectError"),
        (httpx.InvalidURL("secret"), "InvalidURL"),
        (httpx.StreamConsumed(), "StreamConsumed"),
        (ValueError("secret"), "ValueError"),
        ((500, []), "HTTP 500 without an object"),
        ((200, "x"), "HTTP 200 without an object"),
    ],
)
async def test_no_usable_answer(answer: Any, words: str) -> None:
    assert await outcome(post_json(Provider(answer).client, "https://x/secret")) == (GatewayDown, words)


async def test_an_answer_that_is_no_json() -> None:
    client = httpx.AsyncClient(
        transport=httpx.MockTransport(lambda request: httpx.Response(503, text="<html>"))
    )
    assert await outcome(post_json(client, "https://x")) == (GatewayDown, "HTTP 503 without JSON")


@pytest.mark.parametrize(("read", "connect"), [(20.0, 5.0), (5.0, 5.0), (2.0, 2.0)])
async def test_the_limits_of_a_client(read: float, connect: float) -> None:
    client = make_client() if read == 20.0 else make_client(read=read)
    assert client.timeout == httpx.Timeout(read, connect=connect)
    assert (client.follow_redirects, client.trust_env, client.headers["Accept"]) == (
        False,
        False,
        "application/json",
    )
    transport: Any = client._transport
    assert (await transport.made())._pool._max_keepalive_connections == 0
    await client.aclose()


def settings(**given: Any) -> Settings:
    return Settings(_env_file=None, **given)  # type: ignore[call-arg]


async def test_the_gateways_that_the_settings_name() -> None:
    made: list[tuple[Callable[..., Any], dict[str, Any], type]] = [
        (factory.payment_gateway, {"payment_gateway": "zibal"}, Zibal),
        (factory.payment_gateway, {"payment_gateway": "zarinpal"}, Zarinpal),
        (factory.sms_gateway, {"sms_gateway": "kavenegar", "kavenegar_api_key": SecretStr("k")}, Kavenegar),
    ]
    for make, given, kind in made:
        gateway = make(settings(**given), read_timeout=3.0)
        assert isinstance(gateway, kind)
        assert gateway._client.timeout.read == 3.0
        await gateway.aclose()
        assert gateway._client.is_closed
