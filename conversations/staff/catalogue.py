"""The dialogues of the directorate's staff together."""

from conversations.engine.declaration import Dialogue
from conversations.staff import accounts, faq, reference_data, refunds

DIALOGUES: tuple[Dialogue, ...] = (
    reference_data.NEW_TARIFF,
    reference_data.NEW_FIELD,
    reference_data.NEW_DOCUMENT,
    reference_data.RENAME_DOCUMENT,
    reference_data.REQUIRE_DOCUMENT,
    reference_data.RENAME_UNIVERSITY,
    reference_data.UNIVERSITY_CONTACT,
    reference_data.NEW_COVERAGE,
    *faq.DIALOGUES,
    *accounts.DIALOGUES,
    refunds.WRONG_AMOUNT,
)
