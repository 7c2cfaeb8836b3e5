"""A pooler in front of a real PostgreSQL, as pgbouncer works: each transaction on whatever server connection was used
last (`per="transaction"`), or each client on one of its own (`per="session"`)."""

import asyncio
import contextlib
import ssl
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

_TLS_REQUEST = 80877103
Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@dataclass
class Pooler:
    port: int
    user: str
    database: str
    per: str
    idle: list[Connection] = field(default_factory=list)
    greeting: bytes = b""
    _writers: list[asyncio.StreamWriter] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        #: The server connection of the present transaction, and what brings its answers.
        held: list[Connection] = []
        relays: list[asyncio.Task[None]] = []
        try:
            await _startup(reader, writer)
            self.idle.append(await self._take())
            # The key for cancelling is the pooler's own.
            writer.write(struct.pack(">cii", b"R", 8, 0) + self.greeting)
            writer.write(struct.pack(">ciii", b"K", 12, 4242, 1) + b"Z\0\0\0\5I")
            while True:
                kind, message = await _message(reader)
                if kind == b"X":
                    return
                if not held:
                    held.append(await self._take())
                    relays[:] = [asyncio.create_task(self._relay(held, writer))]
                held[0][1].write(message)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            for relay in relays:
                relay.cancel()
            for _, server in held:
                server.close()
            writer.close()

    async def _relay(self, held: list[Connection], writer: asyncio.StreamWriter) -> None:
        """Bring the answers, until the transaction is over where connections are lent for one."""
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                kind, message = await _message(held[0][0])
                if kind == b"Z" and message[-1:] == b"I" and self.per == "transaction":
                    self.idle.append(held.pop())
                    writer.write(message)
                    return
                writer.write(message)

    async def _take(self) -> Connection:
        if self.idle:
            return self.idle.pop()
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        self._writers.append(writer)
        body = struct.pack(">i", 196608) + b"".join(
            one.encode() + b"\0" for one in ("user", self.user, "database", self.database, "")
        )
        writer.write(struct.pack(">i", len(body) + 4) + body)
        greeting = b""
        while True:
            kind, message = await _message(reader)
            assert kind != b"E", message
            greeting += message if kind == b"S" else b""
            if kind == b"Z":
                self.greeting = greeting
                return reader, writer

    def close(self) -> None:
        for writer in self._writers:
            writer.close()


async def _startup(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while True:
        (length,) = struct.unpack(">i", await reader.readexactly(4))
        body = await reader.readexactly(length - 4)
        if struct.unpack(">i", body[:4])[0] != _TLS_REQUEST:
            return
        writer.write(b"N")


async def _message(reader: asyncio.StreamReader) -> tuple[bytes, bytes]:
    head = await reader.readexactly(5)
    return head[:1], head + await reader.readexactly(struct.unpack(">i", head[1:])[0] - 4)


@asynccontextmanager
async def pooling(port: int, *, user: str, database: str, per: str) -> AsyncIterator[int]:
    """The port on this machine under which the pooler answers."""
    pooler = Pooler(port, user, database, per)
    server = await asyncio.start_server(pooler.serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        pooler.close()


@asynccontextmanager
async def encrypting(port: int, folder: Path) -> AsyncIterator[tuple[int, Path]]:
    """TLS before a server without: the port on this machine, and the file of the certificate."""
    file, key = folder / "server.crt", folder / "server.key"
    make_certificate(file, key)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file, key)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            assert struct.unpack(">ii", await reader.readexactly(8)) == (8, _TLS_REQUEST)
            writer.write(b"S")
            await writer.start_tls(context)
            theirs, ours = await asyncio.open_connection("127.0.0.1", port)
            await asyncio.wait(
                [asyncio.ensure_future(_pump(reader, ours)), asyncio.ensure_future(_pump(theirs, writer))]
            )
        except (OSError, asyncio.IncompleteReadError):
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1], file
    finally:
        server.close()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
        writer.close()


def make_certificate(file: Path, key_file: Path) -> None:
    """For 127.0.0.1 and localhost, its own authority."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName(
                [x509.IPAddress(IPv4Address("127.0.0.1")), x509.DNSName("localhost")]
            ),
            critical=False,
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    key_file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
