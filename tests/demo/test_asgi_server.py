"""The server of the emulators and of the demo's pages."""

import asyncio
import socket

from starlette.responses import PlainTextResponse

from demo.asgi_server import AsgiServer


async def test_no_part_of_an_answer_waits_for_the_acknowledgement_of_the_part_before() -> None:
    server = AsgiServer(PlainTextResponse("hello"))
    await server.start()
    reader, writer = await asyncio.open_connection(server.host, server.port)
    writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    await reader.readuntil(b"hello")
    (connection,) = server._server.server_state.connections
    accepted = connection.transport.get_extra_info("socket")
    assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
    writer.close()
    await server.stop()
