"""What is told of an applicant above a file: each thing that is left out differs in one from one that is told."""

from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import Session

from bot.services import cooperation
from bot.services.cooperation.requests import COOPERATION_WORKFLOW
from bot.services.review.cautions import Cautions, cautions_of
from bot.services.shared import notify
from storage.enums import AttemptState, PushChannel, PushState, RejectReason, RequestState
from storage.tables import Account, Push, QualificationRequest
from tests.support.factories.cooperation import Parties, accepted_request
from tests.support.factories.qualification import add_request, attempt_row
from tests.support.factories.reference_data import NOW

#: What is written and asked for does not depend on the database.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
DAY = timedelta(days=1)


def rejected(db: Session, parties: Parties, days: int, text: str, **more: Any) -> QualificationRequest:
    """Of Sara, so many days ago."""
    owner = more.pop("owner", parties.sara)
    given = {"reject_reason": RejectReason.OTHER, "reject_text": text, "closed_at": NOW - days * DAY} | more
    return add_request(db, owner, RequestState.REJECTED, **given)


def told(db: Session, request: Any) -> Cautions:
    return cautions_of(db, account=db.get_one(Account, request.account_id), request=request)


def test_earlier_rejections_of_this_person(db: Session, parties: Parties) -> None:
    under_review = add_request(db, parties.sara, RequestState.IN_REVIEW, reviewer_id=parties.ali.account_id)
    assert (told(db, under_review).rejected_here, told(db, under_review).last_here) == (0, None)
    newest = rejected(db, parties, 5, "مدرک خوانا نیست")
    rejected(db, parties, 9, "کد ملی نادرست است")
    rejected(db, parties, 1, "در اصفهان", university_code="mui")
    rejected(db, parties, 2, "از دیگری", owner=parties.mina)
    add_request(db, parties.sara, RequestState.WITHDRAWN, closed_at=NOW)
    for university in ("sums", "mui"):
        add_request(db, parties.sara, RequestState.REVOKED, closed_at=NOW, university_code=university)
    found = told(db, under_review)
    assert (found.rejected_here, found.rejected_elsewhere, found.revoked) == (2, 1, 2)
    assert found.last_here is not None
    assert (found.last_here.day, found.last_here.reason.text) == (NOW - 5 * DAY, "مدرک خوانا نیست")
    # Above one of them only the others count.
    found = told(db, newest)
    assert (found.rejected_here, found.rejected_elsewhere) == (1, 1)
    assert found.last_here is not None
    assert found.last_here.day == NOW - 9 * DAY
    # Those of cooperation count as well.
    request = accepted_request(db, parties.kian, parties.sara)
    given = {"actor": parties.ali, "request_id": request.id or 0, "now": NOW}
    COOPERATION_WORKFLOW.claim(db, **given)
    cooperation.university_reject(db, reason="خارج از حوزه کار", **given)
    found = told(db, under_review)
    assert (found.rejected_here, found.rejected_elsewhere) == (3, 1)
    assert found.last_here is not None
    assert found.last_here.day == NOW
    assert told(db, request).rejected_here == 2


def test_open_alerts_about_payments_and_messages_of_this_person(db: Session, parties: Parties) -> None:
    def paid(owner: Any) -> int:
        request = add_request(db, owner, RequestState.WITHDRAWN)
        row = attempt_row(request.id, state=AttemptState.FAILED, ref=f"R{request.id}")
        db.add(row)
        db.flush()
        return row.id or 0

    def push(owner: Any, state: PushState) -> int:
        row = Push(kind="N1", key=f"{owner.account_id}:{state}", channel=PushChannel.CHAT, text="x")
        row.account_id, row.state = owner.account_id, state
        db.add(row)
        db.flush()
        return row.id or 0

    under_review = add_request(db, parties.sara, RequestState.IN_REVIEW, reviewer_id=parties.ali.account_id)
    assert told(db, under_review).alerts == ()
    open_, settled, other = paid(parties.sara), paid(parties.sara), paid(parties.mina)
    keys = [f"refund:{open_}", f"wrong_amount:{settled}", f"wrong_amount:{other}"]
    keys += [
        f"push.given_up:{push(parties.sara, PushState.SENT)}",
        f"push.given_up:{push(parties.mina, PushState.GIVEN_UP)}",
    ]
    for key in keys:
        notify.alert_staff(db, key=key, text="هشدار", now=NOW)
    notify.close_alert(db, key=keys[1], now=NOW)
    assert told(db, under_review).alerts == ("refund",)
    given_up = push(parties.sara, PushState.GIVEN_UP)
    notify.alert_staff(db, key=f"push.given_up:{given_up}", text="هشدار", now=NOW)
    assert told(db, under_review).alerts == ("refund", "undelivered")
