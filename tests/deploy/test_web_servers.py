"""The files for nginx, Caddy and HAProxy in front of the bot, each tried with the real server where it is installed: no log
has a secret path, nobody can invent an address, and a process that is gone is passed over.

Changed here are only ports, certificate, places of logs, and the user where the test is not root."""

import asyncio
import contextlib
import os
import re
import shutil
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from tests.support.asgi import serving
from tests.support.commands import PROJECT
from tests.support.pooler import make_certificate
from tests.support.ports import free_port

DEPLOY = PROJECT / "deploy"
TOKEN, HOOK = "pt0kensecretpt0ken", "h00ksecreth00k"


@dataclass
class Arrived:
    """What came through to the bot: path → the values of X-Forwarded-For."""

    addresses: dict[str, list[str]] = field(default_factory=dict)

    def app(self) -> Starlette:
        async def take(request: Request) -> PlainTextResponse:
            await request.body()
            self.addresses[request.url.path] = request.headers.getlist("x-forwarded-for")
            return PlainTextResponse("ok")

        return Starlette(routes=[Route("/{path:path}", take, methods=["GET", "POST"])])


@dataclass
class WebServer:
    https: int
    http: int | None
    folder: Path

    def written(self) -> str:
        """All that the server wrote anywhere."""
        files = [*self.folder.rglob("*.log"), *self.folder.rglob("*.out")]
        return "\n".join(one.read_text(errors="replace") for one in files)


def certificate(folder: Path) -> tuple[Path, Path]:
    key, cert = folder / "key.pem", folder / "cert.pem"
    make_certificate(cert, key)
    return cert, key


def replaced(text: str, *changes: tuple[str, str]) -> str:
    """`text` with every change made; each must have something to change."""
    for pattern, new in changes:
        text, times = re.subn(pattern, new, text, flags=re.MULTILINE)
        assert times, f"{pattern} is not in the file"
    return text


def nginx(folder: Path, bots: list[int], server: WebServer) -> list[str]:
    cert, key = certificate(folder)
    site = replaced(
        (DEPLOY / "nginx-site.conf").read_text(),
        (r"listen 80;", f"listen 127.0.0.1:{server.http};"),
        (r"listen 443 ", f"listen 127.0.0.1:{server.https} "),
        (r"^.*listen \[::\].*$", ""),
        (r"/var/log/nginx", str(folder)),
        (r"ssl_certificate .*$", f"ssl_certificate {cert};"),
        (r"ssl_certificate_key .*$", f"ssl_certificate_key {key};"),
        (r"pay\.example\.ir", "localhost"),
        (r"server 127\.0\.0\.1:8080;", "".join(f"server 127.0.0.1:{port};" for port in bots)),
    )
    (folder / "site.conf").write_text(site)
    temporary = "".join(
        f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (folder / "nginx.conf").write_text(
        f"daemon off; pid {folder}/pid; error_log {folder}/main.log; events {{}}\n"
        f"http {{ {temporary} include {folder}/site.conf; }}\n"
    )
    user = ["-g", "user root;"] if os.geteuid() == 0 else []
    return ["nginx", "-p", str(folder), "-c", str(folder / "nginx.conf"), *user]


def caddy(folder: Path, bots: list[int], server: WebServer) -> list[str]:
    logs = (r"/var/log/caddy", str(folder))
    return _caddy(folder, bots, server, "Caddyfile", r"^pay\.example\.ir \{", r"127\.0\.0\.1:8080", logs)


def compose(folder: Path, bots: list[int], server: WebServer) -> list[str]:
    """Caddy with the file of the containers."""
    return _caddy(folder, bots, server, "Caddyfile.compose", r"^\{\$DOMAIN\} \{", "bot:8080")


def _caddy(
    folder: Path, bots: list[int], server: WebServer, file: str, site: str, bot: str, *more: tuple[str, str]
) -> list[str]:
    """`site` and `bot` are what the file calls the site and the address of the bot."""
    cert, key = certificate(folder)
    text = replaced(
        (DEPLOY / file).read_text(),
        (r"\A([^{]*)\{", rf"\1{{\n\tadmin off\n\tauto_https disable_redirects\n\thttp_port {free_port()}"),
        (site, f"https://localhost:{server.https} {{\n\ttls {cert} {key}"),
        (bot, " ".join(f"127.0.0.1:{port}" for port in bots)),
        *more,
    )
    server.http = None  # Caddy's own redirection takes port 80 and cannot be moved apart
    (folder / "Caddyfile").write_text(text)
    return ["caddy", "run", "--config", str(folder / "Caddyfile"), "--adapter", "caddyfile"]


def haproxy(folder: Path, bots: list[int], server: WebServer) -> list[str]:
    cert, key = certificate(folder)
    (folder / "both.pem").write_text(cert.read_text() + key.read_text())
    text = replaced(
        (DEPLOY / "haproxy.cfg").read_text(),
        (r"log /dev/log local0", "log stdout format raw local0"),
        (r"bind :80$", f"bind 127.0.0.1:{server.http}"),
        (r"bind :443 ", f"bind 127.0.0.1:{server.https} "),
        (r"^.*bind \[::\].*$", ""),
        (r"/etc/haproxy/pay\.example\.ir\.pem", str(folder / "both.pem")),
        (
            r"^    server .*$",
            "\n".join(f"    server n{port} 127.0.0.1:{port} check inter 2s" for port in bots),
        ),
        (r"^    (user|group) .*$", ""),
    )
    (folder / "haproxy.cfg").write_text(text + "\n")
    return ["haproxy", "-db", "-f", str(folder / "haproxy.cfg")]


SERVERS: dict[str, Callable[[Path, list[int], WebServer], list[str]]] = {
    "nginx": nginx,
    "caddy": caddy,
    "haproxy": haproxy,
    "compose": compose,
}


@contextlib.asynccontextmanager
async def running(name: str, folder: Path, bots: list[int]) -> AsyncIterator[WebServer]:
    program = "caddy" if name == "compose" else name
    if shutil.which(program, path=f"{os.environ['PATH']}:/usr/sbin") is None:
        pytest.skip(f"{program} is not installed (apt-get install {program})")
    server = WebServer(free_port(), free_port(), folder)
    command = SERVERS[name](folder, bots, server)
    env = os.environ | {"HOME": str(folder), "XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}
    env["PATH"] += ":/usr/sbin"
    with (folder / "server.out").open("wb") as out:
        process = await asyncio.create_subprocess_exec(*command, stdout=out, stderr=out, env=env)
        try:
            async with asyncio.timeout(90):
                while True:
                    with (
                        contextlib.suppress(OSError),
                        socket.create_connection(("127.0.0.1", server.https), 1),
                    ):
                        break
                    assert process.returncode is None, server.written()
                    await asyncio.sleep(0.05)
            yield server
        finally:
            if process.returncode is None:
                process.terminate()
                await process.wait()


def browser(server: WebServer) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=f"https://localhost:{server.https}", verify=False, timeout=90)


async def raw(port: int, text: bytes) -> None:
    """Something that is no request, by TLS."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    reader, writer = await asyncio.open_connection(
        "127.0.0.1", port, ssl=context, server_hostname="localhost"
    )
    writer.write(text)
    with contextlib.suppress(ConnectionError, TimeoutError):
        await writer.drain()
        async with asyncio.timeout(10):
            await reader.read()
    writer.close()


@pytest.mark.parametrize("name", SERVERS)
async def test_no_log_has_a_pay_token_or_a_webhooks_secret(name: str, tmp_path: Path) -> None:
    arrived = Arrived()
    async with (
        serving(arrived.app()) as url,
        running(name, tmp_path, [int(url.rpartition(":")[2])]) as server,
    ):
        async with browser(server) as client:
            headers: Any = {"Referer": f"https://localhost/pay/{TOKEN}", "Cookie": f"last={TOKEN}"}
            assert (await client.get(f"/pay/{TOKEN}", headers=headers)).text == "ok"
            assert (await client.post(f"/pay/{TOKEN}", headers=headers)).text == "ok"
            assert (await client.get(f"/pay/callback/zibal/1?trackId={TOKEN}")).text == "ok"
            assert (await client.post(f"/hook/bale/{HOOK}", json={"update_id": 1})).text == "ok"
            for odd in (
                f"//pay/{TOKEN}",
                f"/%70ay/{TOKEN}",
                f"/PAY/{TOKEN}",
                f"/x/../hook/bale/{HOOK}",
                f"/?t={TOKEN}",
            ):
                await client.get(odd)
            await client.get(
                f"/pay/{TOKEN}", headers={"X-Long": "x" * 40_000}
            )  # refused by the web server itself
        await raw(server.https, f"GET /pay/{TOKEN} and no version\r\nHost: localhost\r\n\r\n".encode())
        await raw(server.https, f"\0{TOKEN}\r\n\r\n".encode())
    written = server.written()
    assert TOKEN not in written
    assert HOOK not in written
    if name != "compose":  # the containers keep none of requests
        assert "/pay/" in written
        assert "/hook/" in written


@pytest.mark.parametrize("name", SERVERS)
async def test_errors_tell_no_secret_either(name: str, tmp_path: Path) -> None:
    async with running(name, tmp_path, [free_port()]) as server, browser(server) as client:
        assert (await client.get(f"/pay/{TOKEN}")).status_code in {502, 503}
        assert (await client.post(f"/hook/bale/{HOOK}", json={})).status_code in {502, 503}
    assert TOKEN not in server.written()
    assert HOOK not in server.written()


@pytest.mark.parametrize("name", SERVERS)
async def test_nobody_can_invent_an_address(name: str, tmp_path: Path) -> None:
    arrived = Arrived()
    async with (
        serving(arrived.app()) as url,
        running(name, tmp_path, [int(url.rpartition(":")[2])]) as server,
        browser(server) as client,
    ):
        await client.get("/pay/one", headers={"X-Forwarded-For": "203.0.113.7"})
    assert arrived.addresses["/pay/one"] == ["127.0.0.1"]


@pytest.mark.parametrize("name", [one for one in SERVERS if one != "compose"])
async def test_a_process_that_is_gone_is_passed_over(name: str, tmp_path: Path) -> None:
    """As in a rolling restart: all are answered, updates (POST) first. Not with the containers' file, where the processes are
    addresses of one name."""
    arrived = Arrived()
    async with (
        serving(arrived.app()) as url,
        running(name, tmp_path, [free_port(), int(url.rpartition(":")[2])]) as server,
        browser(server) as client,
    ):
        for number in range(6):
            assert (await client.post("/hook/bale/x", json={"update_id": number})).status_code == 200
            assert (await client.get(f"/pay/{number}")).status_code == 200


@pytest.mark.parametrize("name", ["nginx", "haproxy"])
async def test_plain_http_leads_to_https(name: str, tmp_path: Path) -> None:
    async with running(name, tmp_path, [free_port()]) as server, httpx.AsyncClient(timeout=90) as client:
        answer = await client.get(
            f"http://127.0.0.1:{server.http}/pay/{TOKEN}", headers={"Host": "localhost"}
        )
    assert answer.status_code == 301
    assert answer.headers["location"] == f"https://localhost/pay/{TOKEN}"
    assert TOKEN not in server.written()
