"""What everybody reads when staff take something back, word for word; what staff read of it before."""

import pytest
from sqlmodel import Session, col, select

from bot.core.context import SYSTEM, Actor, PublicInfo
from bot.services import qualification, revocation
from bot.services.qualification import decisions
from bot.services.revocation import consequences
from bot.texts import BIDI_MARKS
from storage.enums import PushChannel, RequestKind, RequestState
from storage.tables import Account, Push, QualificationRequest
from tests.support.factories.cooperation import Parties, active_contract, cooperation_request
from tests.support.factories.people import Participants, end_role, officer
from tests.support.factories.qualification import (
    add_request,
    attempt_row,
    completed_request,
    submitted_request,
    unpaid_request,
)
from tests.support.factories.reference_data import NOW, PUBLIC_URL, tariff
from tests.support.services import act

#: What is written does not depend on the database.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

INFO, WHY, CODE = PublicInfo("021-1234", "https://x"), "گواهی جعلی است", "140509010001"
SAID = "دلیل:\n│ گواهی جعلی است\n└ اداره کل"


def told_of_revoking(
    db: Session, parties: Participants, request: QualificationRequest
) -> dict[str, tuple[str, str, str]]:
    """To whom → text, what the button opens, what an SMS would say."""
    act(db, revocation.revoke, parties.staff, request, reason=f" {WHY} ", public_info=INFO)
    people = {"sara": parties.sara, "ali": parties.ali, "zahra": parties.zahra, "head": parties.in_charge}
    people |= {"foreign": parties.foreign, "staff": parties.staff}
    if isinstance(parties, Parties):
        people |= {"manager": parties.kian.manager, "deputy": parties.kian.deputy}
    names = {one.account_id: name for name, one in people.items()}
    found = {}
    for push in db.exec(select(Push).where(Push.kind == "N29").order_by(col(Push.id))):
        assert push.channel is PushChannel.CHAT
        opens = push.buttons[0][0]["press"].split("|", 1)[1].rstrip("|")
        sentence = BIDI_MARKS.sub("", push.sms.get("sentence", ""))
        found[f"{push.kind} {names[push.account_id]}"] = BIDI_MARKS.sub("", push.text), opens, sentence
    assert request.revoke_reason == WHY
    return found


def test_an_approval_goes_back_to_who_made_it(db: Session, people: Participants) -> None:
    request = unpaid_request(db, people)
    file = f"desk.file|{request.id}"
    back = f"↩️ اداره کل تأیید پرونده {CODE} (سارا کریمی‌نژاد) را لغو کرد و پرونده دوباره نزد کارشناس آن است. {SAID}"
    assert told_of_revoking(db, people, request) == {
        "N29 sara": (
            f"↩️ اداره کل تأیید درخواست {CODE} را لغو کرد. درخواست شما دوباره بررسی می‌شود و فعلاً پرداختی لازم نیست."
            f" {SAID}",
            f"qual.track|{request.id}",
            f"تأیید درخواست {CODE} لغو شد و درخواست شما دوباره بررسی می‌شود",
        ),
        "N29 ali": (back, file, ""),
        "N29 head": (back, file, ""),
    }
    assert (request.fee_rial, request.pay_token, request.decided_at, request.received_at) == (
        None,
        None,
        None,
        NOW,
    )


def test_an_approval_goes_into_the_queue(db: Session, people: Participants) -> None:
    request = unpaid_request(db, people)
    end_role(db, people.ali)
    found = told_of_revoking(db, people, request)
    queued = f"↩️ اداره کل تأیید پرونده {CODE} (سارا کریمی‌نژاد) را لغو کرد و پرونده به صف بازگشت. {SAID}"
    assert found.pop("N29 sara")[1] == f"qual.track|{request.id}"
    assert found == dict.fromkeys(("N29 zahra", "N29 head"), (queued, f"desk.file|{request.id}", ""))


def test_a_qualification_ends(db: Session, parties: Parties) -> None:
    """With the contract that rests on it; without the head the experts hear of it who are there."""
    parties.sara, parties.unqualified = parties.unqualified, parties.sara
    request = completed_request(db, parties)
    active_contract(db, parties.kian, parties.sara, parties.ali)
    qualification.start_draft(db, actor=parties.sara, now=NOW, kind=RequestKind.AMENDMENT)
    end_role(db, parties.ali)
    end_role(db, parties.in_charge)
    found = told_of_revoking(db, parties, request)
    assert found.pop("N29 sara") == (
        f"⛔️ احراز صلاحیت شما (درخواست {CODE}) ابطال شد. {SAID}\n"
        "همکاری شما با «کیان طب» (شعبه «شرق») پایان یافت.\n"
        "پیش‌نویس اصلاحیه شما هم حذف شد.\n"
        "کارت و گواهی صلاحیت دیگر معتبر نیست. می‌توانید دوباره درخواست ثبت کنید."
        " برای پیگیری با اداره کل تماس بگیرید: 021-1234",
        f"qual.track|{request.id}",
        f"احراز صلاحیت شما (درخواست {CODE}) ابطال شد",
    )
    short = "صلاحیت سارا کریمی‌نژاد، مسئول فنی شعبه «شرق»، ابطال شد و همکاری او پایان یافت"
    company = (f"⛔️ {short}. لطفاً مسئول فنی جدید معرفی کنید.", f"dist.branch|{parties.kian.east}", short)
    university = f"⛔️ اداره کل صلاحیت سارا کریمی‌نژاد (پرونده {CODE}) را ابطال کرد. {SAID}"
    assert found == {
        "N29 manager": company,
        "N29 deputy": company,
        "N29 zahra": (university, f"desk.file|{request.id}", ""),
    }


def amended(db: Session, people: Participants) -> QualificationRequest:
    """An amendment of Sara's father's name, completed."""
    tariff(db, 0, RequestKind.AMENDMENT)
    completed_request(db, people)
    request = qualification.start_draft(db, actor=people.sara, now=NOW, kind=RequestKind.AMENDMENT)
    answers = qualification.prefill(db, request) | {"father_name": "حسن"}
    act(db, qualification.submit, people.sara, request, answers=answers)
    return act(db, decisions.approve, people.zahra, request, public_url=PUBLIC_URL)


def test_an_amendment_is_taken_back(db: Session, people: Participants) -> None:
    request = amended(db, people)
    code = request.tracking_code
    found = told_of_revoking(db, people, request)
    restored = (
        f"⛔️ اداره کل اصلاحیه {code} (سارا کریمی‌نژاد) را ابطال کرد و اطلاعات پیش از آن برقرار است. {SAID}"
    )
    assert found == {
        "N29 sara": (
            f"⛔️ اصلاحیه {code} ابطال شد و اطلاعات پیش از آن دوباره برقرار است. {SAID}\n"
            "صلاحیت شما پابرجاست و می‌توانید اصلاحیه دیگری ثبت کنید."
            " برای پیگیری با اداره کل تماس بگیرید: 021-1234",
            f"qual.track|{request.id}",
            f"اصلاحیه {code} ابطال شد و اطلاعات پیش از آن دوباره برقرار است",
        ),
        "N29 zahra": (restored, f"desk.file|{request.id}", ""),
        "N29 head": (restored, f"desk.file|{request.id}", ""),
    }


# ── before it is done ────────────────────────────────────────────────────────────────────────────────────────────


def test_what_staff_read_of_the_consequences(db: Session, parties: Parties) -> None:
    parties.sara, parties.unqualified = parties.unqualified, parties.sara
    request = unpaid_request(db, parties)
    owner, ali = (db.get_one(Account, one.account_id) for one in (parties.sara, parties.ali))

    def read() -> consequences.Consequences:
        db.flush()
        return consequences.consequences_of(db, actor=parties.staff, request_id=request.id or 0, now=NOW)

    nothing = consequences.Consequences(request, owner)
    assert read() == consequences.Consequences(request, owner, returns_to=ali)
    end_role(db, parties.ali)
    assert read() == nothing
    qualification.complete_request(db, request_id=request.id or 0, now=NOW, actor=SYSTEM, bank_ref="1")
    db.refresh(request)
    assert read() == nothing
    other = add_request(db, parties.mina, RequestState.COMPLETED, closed_at=NOW)
    for state, of, ref in (("PAID", other, "1"), ("REFUND_DUE", request, "2"), ("PAID", request, "3")):
        db.add(attempt_row(of.id, state=state, ref=ref, amount_rial=700 + int(ref)))
    db.flush()
    paid = consequences.Consequences(request, owner, paid_rial=703)
    assert read() == paid
    cooperation_request(db, parties.arad, parties.sara)
    cooperation_request(db, parties.arad, parties.mina, branch=parties.arad.central)
    asked = read()
    assert (asked.open_cooperations, asked.contract, asked.draft_goes) == (1, None, False)
    draft = qualification.start_draft(db, actor=parties.sara, now=NOW, kind=RequestKind.AMENDMENT)
    assert read().draft_goes
    draft.state = RequestState.SUBMITTED
    assert not read().draft_goes


def test_what_an_amendment_would_give_back(db: Session, people: Participants) -> None:
    request = amended(db, people)
    found = consequences.consequences_of(db, actor=people.staff, request_id=request.id or 0, now=NOW)
    assert (found.restored, found.contract, found.paid_rial) == (("father_name",), None, None)


def test_why_a_file_is_not_revoked(db: Session, people: Participants) -> None:
    request = completed_request(db, people)

    def why(actor: Actor) -> str | None:
        return consequences.refused_because(db, actor=actor, request=request)

    assert [why(actor) for actor in (people.staff, people.ali, people.sara)] == [None, None, None]
    later = submitted_request(db, officer(db))
    assert consequences.refused_because(db, actor=people.staff, request=later) is None
    add_request(db, people.sara, RequestState.SUBMITTED, kind=RequestKind.AMENDMENT)
    assert why(people.staff) is not None
    assert [why(actor) for actor in (people.ali, people.sara)] == [None, None]
