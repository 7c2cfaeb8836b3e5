"""Every dialogue there is. One test goes over them: doubled ids, missing texts, unreachable steps, long labels."""

from conversations import (
    fix,
    letter,
    login,
    passwords,
    qualification,
    registration,
    review,
    staff_expert,
    staff_refund,
)
from conversations.dialogue import Dialogue

ALL: tuple[Dialogue, ...] = (
    registration.REGISTRATION,
    login.LOGIN,
    login.FORGOTTEN,
    passwords.CHANGE_PASSWORD,
    passwords.CHANGE_MOBILE,
    qualification.form,
    fix.fix,
    review.reject,
    review.deficiencies,
    review.search,
    staff_expert.NEW_EXPERT,
    staff_expert.RESET_ACCESS,
    staff_refund.REFUND,
    letter.LETTER,
)
