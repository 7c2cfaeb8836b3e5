"""A bank for the demo and the tests: speaks Zarinpal v4 and Zibal v1 over HTTP, strictly, with a small Persian page.

`bank = Bank(); app = build_bank_app(bank)`. People pay on the page, tests by `bank.pay(ref)`; `bank.faults` makes it
misbehave. Both are also reachable over HTTP under /control, for a demo in another process. Amounts are rial.
"""

from demo.bank.app import build_bank_app
from demo.bank.ledger import Bank, BankFaults, Payment, PaymentState

__all__ = ["Bank", "BankFaults", "Payment", "PaymentState", "build_bank_app"]
