"""The bank on a port of its own, on the demo's event loop."""

from __future__ import annotations

from demo.asgi_server import AsgiServer
from demo.bank import Bank, build_bank_app


class BankServer(AsgiServer):
    def __init__(self, *, host: str = "127.0.0.1", port: int = 0, bank: Bank | None = None) -> None:
        self.bank = bank or Bank()
        super().__init__(build_bank_app(self.bank, host=host), host=host, port=port)
