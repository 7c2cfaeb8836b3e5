"""Each line of a request's card and of its tracking, where it stands and where it does not."""

from collections.abc import Iterator
from datetime import timedelta
from types import MappingProxyType
from typing import Any

import pytest

from bot.core.context import SYSTEM
from bot.services.review.held_decisions import HeldDecision
from bot.services.review.standing import COUNTED, Standing
from bot.texts import BIDI_MARKS, formats, quoted, t
from conversations.common.labels import Wording
from handlers.common import request_card
from handlers.common.request_card import Extent
from storage.enums import RejectReason, RequestKind, RequestState
from storage.tables import Account, DeficiencyRound, DocumentType, Officer, QualificationRequest
from tests.support.factories.qualification import request_row
from tests.support.factories.reference_data import NOW

S = RequestState


def document(code: str, short_name: str) -> DocumentType:
    return DocumentType(
        code=code, name=f"تصویر {short_name}", short_name=short_name, required="yes", position=1
    )


WORDS = Wording(
    {"card": document("card", "کارت ملی"), "photo": document("photo", "عکس")},
    {"bachelor": "کارشناسی"},
    {"physics": "فیزیک"},
    {"sums": "دانشگاه شیراز"},
)
EXPERT, APPLICANT, STAFF = t("role.expert"), t("who.applicant"), t("role.staff")


def plain(lines: list[str]) -> list[str]:
    return [BIDI_MARKS.sub("", line) for line in "\n".join(lines).split("\n")]


def lines_of(text: str) -> list[str]:
    return plain([text])


def owner(**values: Any) -> Account:
    known = {"first_name": "سارا", "last_name": "کریمی", "national_code": "9991234561", "user_code": "1"}
    return Account(password_hash="x", **known | values)


def officer() -> Officer:
    return Officer(account_id=1, birth_date=NOW.date())


def request(state: RequestState = S.IN_REVIEW, **values: Any) -> QualificationRequest:
    return request_row(1, state=state, **{"snapshot": {}, "before": {}} | values)


def card(of: QualificationRequest, extent: Extent = Extent.CARD, **values: Any) -> list[str]:
    known: dict[str, Any] = {
        "owner": owner(),
        "officer": None,
        "reviewer": None,
        "rounds": [],
        "full_code": True,
        "now": NOW,
    }
    return lines_of(request_card.request_text(WORDS, of, extent=extent, **known | values))


def tracking(of: QualificationRequest, **values: Any) -> list[str]:
    known: dict[str, Any] = {
        "last_round": None,
        "attempt": None,
        "expert_missing": False,
        "standing": None,
        "now": NOW,
    }
    return lines_of(request_card.tracking_text(WORDS, of, **known | values))


# ── tracking ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("before", "sentence"),
    [
        (None, None),
        (0, t("qual.first_in_queue")),
        (1, t("qual.in_queue", n="۱")),
        (COUNTED, t("qual.in_queue", n=formats.digits(COUNTED))),
        (COUNTED + 1, t("qual.far_in_queue", n=formats.digits(COUNTED))),
    ],
)
def test_the_place_in_the_queue(before: int | None, sentence: str | None) -> None:
    lines = tracking(request(S.SUBMITTED), standing=Standing(before, None))
    assert [line for line in lines if "صف" in line] == (plain([sentence]) if sentence else [])


@pytest.mark.parametrize(
    ("usual", "age"),
    [
        (timedelta(hours=23), "۲۳ ساعت"),
        (timedelta(days=1), "۱ روز"),
        (timedelta(days=4), "۴ روز"),
        (timedelta(days=4, hours=1), "۵ روز"),
    ],
)
def test_nobody_is_promised_less_than_it_usually_takes(usual: timedelta, age: str) -> None:
    said = plain([t("qual.usual", age=age)])[0]
    assert said in tracking(request(S.SUBMITTED), standing=Standing(0, usual))
    assert said not in tracking(request(S.SUBMITTED), standing=Standing(0, usual), expert_missing=True)


@pytest.mark.parametrize("state", list(S))
@pytest.mark.parametrize("sent", [True, False])
def test_how_long_the_university_has_it(state: RequestState, sent: bool) -> None:
    of = request(state, submitted_at=NOW - timedelta(days=3) if sent else None)
    waits = sent and state in (S.SUBMITTED, S.IN_REVIEW)
    assert request_card.age_line(of, NOW) == ([t("qual.age", age="۳ روز")] if waits else [])


@pytest.mark.parametrize(
    ("state", "kind", "fee", "sentence"),
    [
        (S.REVOKED, RequestKind.NEW, 7, t("sentence.REVOKED", reason=quoted("چرا", STAFF))),
        (S.REVOKED, RequestKind.AMENDMENT, 7, t("sentence.REVOKED_AMENDMENT", reason=quoted("چرا", STAFF))),
        (S.AWAITING_PAYMENT, RequestKind.NEW, 7, t("sentence.AWAITING_PAYMENT", amount="۷")),
        (S.AWAITING_PAYMENT, RequestKind.NEW, None, t("sentence.AWAITING_PAYMENT", amount="۰")),
        (S.COMPLETED, RequestKind.NEW, 7, t("sentence.COMPLETED")),
        (S.COMPLETED, RequestKind.AMENDMENT, 7, t("sentence.COMPLETED_AMENDMENT")),
    ],
)
def test_the_sentence_of_a_state(
    state: RequestState, kind: RequestKind, fee: int | None, sentence: str
) -> None:
    of = request(state, kind=kind, fee_rial=fee, revoke_reason="چرا" if state is S.REVOKED else None)
    assert "\n".join(plain([sentence])) in "\n".join(tracking(of))


@pytest.mark.parametrize("state", [S.SUBMITTED, S.IN_REVIEW, S.DEFICIENT, S.REVOKED])
@pytest.mark.parametrize("reason", ["چرا", None])
def test_an_approval_that_was_taken_back_is_told_while_it_is_reviewed_again(
    state: RequestState, reason: str | None
) -> None:
    of = request(state, revoke_reason=reason)
    again = reason is not None and state in (S.SUBMITTED, S.IN_REVIEW)
    over = reason is not None and state is S.REVOKED
    told = "\n".join(tracking(of))
    assert ("\n".join(plain([t("sentence.approval_revoked", reason=quoted("چرا", STAFF))])) in told) is again
    read = "\n".join(card(of))
    assert ("\n".join(plain([t("desk.approval_revoked", reason=quoted("چرا", STAFF))])) in read) is again
    assert ("\n".join(plain([t("desk.revoked_reason", reason=quoted("چرا", STAFF))])) in read) is over


@pytest.mark.parametrize(
    ("kind", "sent", "told"),
    [
        (RequestKind.AMENDMENT, True, True),
        (RequestKind.AMENDMENT, False, False),
        (RequestKind.NEW, True, False),
    ],
)
def test_an_amendment_says_what_it_changes_once_it_is_sent(kind: RequestKind, sent: bool, told: bool) -> None:
    of = request(kind=kind, submitted_at=NOW if sent else None, before={"phone": ""}, snapshot={"phone": "1"})
    assert (t("desk.amended") in tracking(of)) is told
    assert (plain([t("qual.submitted", time=formats.jalali_time(NOW))])[0] in tracking(of)) is sent


def test_code_and_university_come_together() -> None:
    assert plain([t("qual.university", university="دانشگاه شیراز")])[0] in tracking(request())
    draft = tracking(request(S.DRAFT, tracking_code=None, submitted_at=None))
    assert not [line for line in draft if "شیراز" in line]
    assert draft[-1]


# ── what changed ─────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("before", "after", "lines"),
    [
        ({"phone": None}, {"phone": ""}, [t("desk.no_changes")]),
        ({"city": "شیراز"}, {"city": "شیراز"}, [t("desk.no_changes")]),
        ({"city": "شیراز"}, {"city": "جهرم"}, ["• شهر محل زندگی — قبلی: شیراز / جدید: جهرم"]),
        ({"city": "شیراز"}, {}, ["• شهر محل زندگی — قبلی: شیراز / جدید: ثبت نشده"]),
        ({}, {"phone": ""}, [t("desk.no_changes")]),
        ({"doc.card": [1]}, {"doc.card": [2, 3]}, ["• تصویر کارت ملی: فایل جدید"]),
        ({"doc.card": [1]}, {"doc.card": [1]}, [t("desk.no_changes")]),
        ({}, {"doc.card": [1]}, ["• تصویر کارت ملی — قبلی: ۰ فایل / جدید: ۱ فایل"]),
        ({"doc.card": [1]}, {"doc.card": []}, ["• تصویر کارت ملی — قبلی: ۱ فایل / جدید: ۰ فایل"]),
        (
            {"doc.card": [1], "city": "شیراز"},
            {"doc.photo": [2], "city": "جهرم"},
            [
                "• شهر محل زندگی — قبلی: شیراز / جدید: جهرم",
                "• تصویر عکس — قبلی: ۰ فایل / جدید: ۱ فایل",
                "• تصویر کارت ملی — قبلی: ۱ فایل / جدید: ۰ فایل",
            ],
        ),
    ],
)
def test_what_differs(before: dict[str, Any], after: dict[str, Any], lines: list[str]) -> None:
    found = request_card._change_lines(WORDS, before, after, title="desk.changes")
    empty = plain([WORDS.value("doc.card", None)])[0]
    expected = [line.replace("۰ فایل", empty) for line in lines]
    assert plain(found) == [t("desk.changes"), *expected]


# ── rounds and decisions ─────────────────────────────────────────────────────────────────────────────────────────────

CITY = "شهر محل زندگی"


@pytest.mark.parametrize(
    ("reason", "reply", "said"),
    [
        (None, None, [t("qual.defect", item=CITY)]),
        ("اشتباه", None, [t("qual.defect_reason", item=CITY, reason=quoted("اشتباه", EXPERT))]),
        (None, "درست است", [t("desk.round_reply", item=CITY, reply=quoted("درست است", APPLICANT))]),
        (
            "اشتباه",
            "درست است",
            [
                t("qual.defect_reason", item=CITY, reason=quoted("اشتباه", EXPERT)),
                t("desk.round_reply_below", reply=quoted("درست است", APPLICANT)),
            ],
        ),
    ],
)
def test_a_deficient_item_with_its_reason_and_its_reply(
    reason: str | None, reply: str | None, said: list[str]
) -> None:
    declared = DeficiencyRound(
        request_id=1,
        round=2,
        declared_by=2,
        declared_at=NOW,
        items=["city", "phone"],
        reasons={"city": reason} if reason else {},
        replies={"city": reply} if reply else {},
    )
    title = t("desk.round_title", n="۲", time=formats.jalali_time(NOW))
    last = t("qual.defect", item=WORDS.label("phone"))
    assert plain(request_card.round_lines(WORDS, declared)) == plain([title, *said, last])


@pytest.mark.parametrize("items", [[], ["city"]])
@pytest.mark.parametrize("note", [None, "نکته"])
def test_the_officer_reads_items_and_note_of_a_round(items: list[str], note: str | None) -> None:
    declared = DeficiencyRound(
        request_id=1, round=1, declared_by=2, items=items, note=note, reasons={}, replies={}
    )
    defects = [t("qual.defects"), t("qual.defect", item=CITY)] if items else []
    noted = [t("qual.note", note=quoted(note, EXPERT))] if note else []
    assert request_card.deficiency_lines(WORDS, declared) == defects + noted


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, []),
        ({"items": ["city"]}, [t("qual.defects"), t("qual.defect", item=CITY)]),
        (
            {"items": ["city"], "reasons": {"city": "اشتباه"}},
            [t("qual.defects"), t("qual.defect_reason", item=CITY, reason=quoted("اشتباه", EXPERT))],
        ),
        ({"note": "نکته"}, [t("qual.note", note=quoted("نکته", EXPERT))]),
        (
            {"reason": RejectReason.OTHER, "text": "چرا"},
            [t("desk.outcome_reason", reason=quoted("چرا", EXPERT))],
        ),
        (
            {"reason": RejectReason.WRONG_REGION, "text": None},
            [t("desk.outcome_reason", reason=quoted(None, EXPERT, t("reason.WRONG_REGION")))],
        ),
    ],
)
def test_what_was_written_for_a_decision_that_is_not_made_yet(given: dict[str, Any], said: list[str]) -> None:
    held = HeldDecision("reject", SYSTEM, NOW, NOW, MappingProxyType(given))
    assert plain(request_card.decision_lines(WORDS, held)) == (plain(said) if said else [""])


# ── the card ─────────────────────────────────────────────────────────────────────────────────────────────────────────

DATA = {
    "first_name": "سارا",
    "degree_level": "bachelor",
    "field_of_study": "physics",
    "field_note": None,
    "birth_cert_no": "9991234561",
    "province": "فارس",
    "city": "شیراز",
    "university": "sums",
    "postal_address": "شیراز، خیابان زند",
    "phone": "",
    "doc.card": [1, 2],
    "doc.photo": [3],
}
CODE = "۹۹۹۱۲۳۴۵۶۱"


def test_the_heading_says_who_and_how_much() -> None:
    heading = card(request(S.SUBMITTED, snapshot=DATA), Extent.HEADING)
    assert heading == [
        "پرونده 140509010001 — درخواست جدید",
        plain([t("desk.state", state=t("status.SUBMITTED"))])[0],
        plain([t("desk.waiting", age=formats.age(timedelta(0)))])[0],
        f"متقاضی: سارا کریمی، کد ملی {CODE}",
        "کارشناسی، فیزیک — فارس، شیراز",
        "مدارک: ۲ مدرک، ۳ فایل؛ با برداشتن پرونده می‌آید.",
    ]
    part = card(request(snapshot={"city": "شیراز", "doc.card": []}), Extent.HEADING, full_code=False)
    assert part[2:] == [
        "متقاضی: سارا کریمی، کد ملی •••••••۵۶۱",
        "شیراز",
        "مدارک: ۰ مدرک، ۰ فایل؛ با برداشتن پرونده می‌آید.",
    ]
    bare = card(request(snapshot={}), Extent.HEADING, reviewer=owner(first_name="مریم"))
    assert bare[2:] == [
        "کارشناس: مریم کریمی",
        f"متقاضی: سارا کریمی، کد ملی {CODE}",
        "مدارک: ۰ مدرک، ۰ فایل؛ با برداشتن پرونده می‌آید.",
    ]
    amends = card(request(kind=RequestKind.AMENDMENT, snapshot=DATA, before=DATA), Extent.HEADING)
    assert "کارشناسی، فیزیک — فارس، شیراز" not in amends


@pytest.mark.parametrize("verified", [True, False])
def test_below_the_documents_stands_what_their_captions_do_not_say(verified: bool) -> None:
    of = request(snapshot=DATA)
    given = {"owner": owner(mobile="+989121234567", mobile_verified=verified), "officer": officer()}
    read = card(of, Extent.BESIDE_DOCUMENTS, reviewer=owner(), **given)
    unverified = ["شماره همراه: ۰۹۱۲۱۲۳۴۵۶۷", t("desk.unverified")]
    assert read[2:] == [
        "متقاضی: سارا کریمی",
        "تاریخ تولد: ۱۴۰۵/۰۹/۰۱",
        *([] if verified else unverified),
        "آدرس محل زندگی: فارس، شیراز، خیابان زند",
        "مقطع تحصیلی: کارشناسی",
        "رشته تحصیلی: فیزیک",
        f"شماره شناسنامه: {CODE}",
    ]


@pytest.mark.parametrize(
    ("address", "line"),
    [
        ({"province": "فارس", "city": "شیراز", "postal_address": "خیابان زند"}, "فارس، شیراز، خیابان زند"),
        ({"province": "فارس", "city": "شیراز"}, "فارس، شیراز"),
        ({"postal_address": "خیابان زند"}, "خیابان زند"),
        ({}, None),
    ],
)
def test_the_address_names_its_city_once(address: dict[str, str], line: str | None) -> None:
    read = card(request(snapshot=address), Extent.BESIDE_DOCUMENTS)
    assert read[2] == f"متقاضی: سارا کریمی، کد ملی {CODE}"
    assert [one for one in read if one.startswith("آدرس")] == ([f"آدرس محل زندگی: {line}"] if line else [])


@pytest.mark.parametrize(("full", "shown"), [(True, CODE), (False, "•••••••۵۶۱")])
def test_the_national_code_is_masked_wherever_it_stands(full: bool, shown: str) -> None:
    old = DATA | {"birth_cert_no": "7"}
    of = request(kind=RequestKind.AMENDMENT, snapshot=DATA, before=old)
    whole = card(of, Extent.WHOLE, officer=officer(), full_code=full)
    assert f"کد ملی: {shown}" in whole
    assert f"شماره شناسنامه: {shown}" in whole
    assert f"• شماره شناسنامه — قبلی: ۷ / جدید: {shown}" in whole
    other = card(request(snapshot=DATA | {"birth_cert_no": "7"}), full_code=full)
    assert "شماره شناسنامه: ۷" in other


@pytest.mark.parametrize("extent", [Extent.CARD, Extent.WHOLE])
@pytest.mark.parametrize("kind", list(RequestKind))
def test_an_amendment_says_what_it_changes_and_the_whole_where_it_is_asked_for(
    kind: RequestKind, extent: Extent
) -> None:
    of = request(kind=kind, snapshot=DATA, before=DATA | {"city": "جهرم"})
    read, amends = card(of, extent), kind is RequestKind.AMENDMENT
    assert (t("desk.amended") in read) is amends
    assert ("متقاضی: سارا کریمی" in read) is amends
    assert ("استان محل زندگی: فارس" in read or "استان: فارس" in read) is (
        not amends or extent is Extent.WHOLE
    )


@pytest.mark.parametrize("migrated", [True, False])
def test_items_and_documents(migrated: bool) -> None:
    lines = request_card.item_lines(WORDS, {"phone": "", "field_note": None}, migrated=migrated)
    none = ["", t("desk.documents_line", documents=t("amend.no_documents"))]
    assert plain(lines) == plain(["تلفن ثابت: ندارد", *(none if migrated else [])])
    with_note = request_card.item_lines(WORDS, {"field_note": "لیزر", "doc.card": [1]}, migrated=migrated)
    assert plain(with_note) == [f"{t('field.field_note')}: لیزر", "", "مدارک: کارت ملی (۱)"]


def test_pictures_that_may_not_be_readable_are_named_with_each_reason_once() -> None:
    def warned(warnings: dict[int, str]) -> list[str]:
        return [line for line in card(request(snapshot=DATA), quality_warnings=warnings) if "خوانا" in line]

    dark, blurred = t("quality_short.dark"), t("quality_short.blurred")
    assert warned({}) == warned({9: "dark"}) == []
    assert warned({1: "dark", 2: "dark", 3: "blurred"}) == plain(
        [t("desk.quality", documents=f"کارت ملی ({dark})، عکس ({blurred})")]
    )
    assert warned({1: "dark", 2: "blurred"}) == plain(
        [t("desk.quality", documents=f"کارت ملی ({dark}، {blurred})")]
    )


@pytest.mark.parametrize("resolved", [True, False])
def test_the_last_round_and_what_was_changed_since(resolved: bool) -> None:
    def rounds() -> Iterator[DeficiencyRound]:
        for number in (1, 2):
            yield DeficiencyRound(
                request_id=1,
                round=number,
                declared_by=2,
                declared_at=NOW,
                items=["city"],
                snapshot={"city": f"شهر {number}"},
                reasons={},
                replies={},
                resolved_at=NOW if resolved else None,
            )

    read = card(request(snapshot={"city": "شیراز"}), rounds=list(rounds()))
    assert [line[:8] for line in read if line.startswith("🔁")] == ["🔁 نوبت ۲"]
    assert ("• شهر محل زندگی — قبلی: شهر 2 / جدید: شیراز" in read) is resolved


@pytest.mark.parametrize("note", ["ببینید", None])
@pytest.mark.parametrize("reject", ["ناقص", None])
def test_the_applicants_note_and_the_reason_close_the_card(note: str | None, reject: str | None) -> None:
    why = {"reject_reason": RejectReason.OTHER, "reject_text": reject} if reject else {}
    read = "\n".join(card(request(S.REJECTED, officer_note=note, **why)))
    noted = "\n" + "\n".join(plain([t("desk.officer_note", note=quoted("ببینید", APPLICANT))]))
    reasoned = "\n" + "\n".join(plain([t("desk.outcome_reason", reason=quoted("ناقص", EXPERT))]))
    assert (noted in read, reasoned in read) == (note is not None, reject is not None)
