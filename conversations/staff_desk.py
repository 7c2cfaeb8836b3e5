"""The dialogues of the directorate's desk together."""

from conversations import staff_accounts, staff_catalog, staff_refund
from conversations.dialogue import Dialogue

DIALOGUES: tuple[Dialogue, ...] = (
    staff_catalog.NEW_TARIFF,
    staff_catalog.NEW_FIELD,
    staff_catalog.NEW_DOCUMENT,
    staff_catalog.RENAME_DOCUMENT,
    staff_catalog.RENAME_UNIVERSITY,
    staff_catalog.NEW_COVERAGE,
    *staff_accounts.DIALOGUES,
    staff_refund.WRONG_AMOUNT,
)
