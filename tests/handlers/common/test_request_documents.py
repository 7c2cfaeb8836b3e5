"""The documents of a request: which of them have a button, in which order, and what stands below each picture."""

from typing import Any

import pytest

from bot.texts import BIDI_MARKS, t
from conversations.common.labels import Wording
from handlers.common.request_documents import (
    DocumentGroup,
    captions,
    document_buttons,
    documents_of,
    requested_document,
    said_in_captions,
)
from storage.enums import RequestKind
from storage.tables import Account, DeficiencyRound, DocumentType, Officer, QualificationRequest
from tests.support.factories.qualification import request_row
from tests.support.factories.reference_data import NOW

NAMES = {
    "national_card": "کارت ملی",
    "birth_certificate": "شناسنامه",
    "personal_photo": "عکس",
    "degree_certificate": "مدرک تحصیلی",
    "military": "پایان خدمت و سربازی ۱۸",
}
WORDS = Wording(
    {
        code: DocumentType(code=code, name=f"تصویر {name}", short_name=name, required="yes", position=1)
        for code, name in NAMES.items()
    },
    {"bachelor": "کارشناسی"},
    {"physics": "فیزیک"},
    {},
)


def request(new: dict[str, Any], before: dict[str, Any] | None = None, **values: Any) -> QualificationRequest:
    return request_row(1, id=7, snapshot=new, before=before or {}, **values)


def declared(snapshot: dict[str, Any]) -> DeficiencyRound:
    return DeficiencyRound(request_id=7, round=1, declared_by=2, snapshot=snapshot)


def listed(groups: list[DocumentGroup]) -> list[tuple[str, tuple[int, ...]]]:
    return [(group.arg, group.files) for group in groups]


@pytest.mark.parametrize(
    ("new", "deficient", "before", "groups"),
    [
        ({"doc.national_card": [1]}, None, {}, [("national_card", (1,))]),
        ({"doc.national_card": [1], "city": "شیراز"}, {}, {}, [("national_card", (1,))]),
        ({"doc.national_card": [1]}, {"doc.national_card": [1]}, {}, [("national_card", (1,))]),
        (
            {"doc.national_card": [3]},
            {"doc.national_card": [2]},
            {"doc.national_card": [1]},
            [("national_card", (3,)), ("<national_card", (2,)), ("~national_card", (1,))],
        ),
        (
            {"doc.national_card": [2]},
            {"doc.national_card": [1]},
            {"doc.national_card": [1]},
            [("national_card", (2,)), ("<national_card", (1,))],
        ),
        (
            {"doc.personal_photo": [5]},
            None,
            {"doc.national_card": [1], "doc.personal_photo": [5]},
            [("~national_card", (1,)), ("personal_photo", (5,))],
        ),
    ],
)
def test_each_document_is_followed_by_what_it_replaces(
    new: dict[str, Any],
    deficient: dict[str, Any] | None,
    before: dict[str, Any],
    groups: list[tuple[str, tuple[int, ...]]],
) -> None:
    rounds = [declared({"doc.birth_certificate": [9]}), declared(deficient)] if deficient is not None else []
    found = documents_of(WORDS, request(new, before), rounds)
    assert listed(found) == groups
    for group in found:
        assert requested_document(WORDS, request(new, before), group.arg, rounds) == [group]
    for forged in ("", "birth_certificate", "<", "?national_card"):
        assert requested_document(WORDS, request(new, before), forged, rounds) == []


def test_the_buttons_say_how_many_files_and_which_are_the_old_ones() -> None:
    of = request({"doc.national_card": [1, 2], "doc.military": [3]}, {"doc.military": [4]}, version=5)
    rows = document_buttons(WORDS, of, "look")
    assert [[one.label for one in row] for row in rows] == [
        ["کارت ملی (۲)", "پایان خدمت و سر… (۱)"],
        ["قبلی: پایان خدمت و…"],
    ]
    pressed = [one.press for row in rows for one in row]
    assert [(one.action, one.id, one.version, one.arg) for one in pressed if one is not None] == [
        ("look", 7, 5, "national_card"),
        ("look", 7, 5, "military"),
        ("look", 7, 5, "~military"),
    ]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({}, set()),
        ({"doc.national_card": []}, set()),
        ({"first_name": "سارا"}, set()),
        (
            {"doc.national_card": [1]},
            {"first_name", "last_name", "national_code", "birth_date", "father_name"},
        ),
        ({"doc.personal_photo": [1]}, {"gender"}),
        (
            {"doc.degree_certificate": [1]},
            {"first_name", "last_name", "degree_level", "field_of_study", "field_note"},
        ),
        ({"doc.military": [1]}, {"first_name", "last_name", "national_code"}),
    ],
)
def test_what_the_captions_say(data: dict[str, Any], said: set[str]) -> None:
    assert said_in_captions(data) == said


DATA = {
    "first_name": "سارا",
    "last_name": "کریمی",
    "father_name": "علی",
    "gender": "female",
    "birth_cert_no": "9991234561",
    "degree_level": "bachelor",
    "field_of_study": "physics",
}


def said(
    code: str, *, data: dict[str, Any] = DATA, which: str = "", files: int = 1, **values: Any
) -> list[str]:
    owner = Account(
        first_name="نام", last_name="دیگر", user_code="1", password_hash="x", national_code="9991234561"
    )
    known: dict[str, Any] = {
        "owner": owner,
        "officer": Officer(account_id=1, birth_date=NOW.date()),
        "full_code": True,
        "quality_warnings": {},
    }
    group = DocumentGroup(f"doc.{code}", which, tuple(range(1, files + 1)))
    found = captions(WORDS, request(data, kind=RequestKind.NEW), group, **known | values)
    return [BIDI_MARKS.sub("", line) for line in found]


CODE, MASKED = "۹۹۹۱۲۳۴۵۶۱", "•••••••۵۶۱"


@pytest.mark.parametrize(
    ("code", "facts"),
    [
        ("national_card", f"کارت ملی — سارا کریمی، کد ملی {CODE}، تولد ۱۴۰۵/۰۹/۰۱، پدر علی"),
        ("birth_certificate", f"شناسنامه — سارا کریمی، شماره {CODE}، تولد ۱۴۰۵/۰۹/۰۱، پدر علی"),
        ("personal_photo", "عکس — زن"),
        ("degree_certificate", "مدرک تحصیلی — سارا کریمی، کارشناسی فیزیک"),
        ("military", f"پایان خدمت و سربازی ۱۸ — سارا کریمی، کد ملی {CODE}"),
    ],
)
def test_the_caption_says_what_a_document_must_agree_with(code: str, facts: str) -> None:
    assert said(code) == [facts]
    assert said(code, full_code=False) == [facts.replace(CODE, MASKED)]


def test_what_is_not_known_is_left_out_of_a_caption() -> None:
    assert said("national_card", data={}, officer=None) == [f"کارت ملی — نام دیگر، کد ملی {CODE}"]
    assert said("birth_certificate", data={"birth_cert_no": "7"}, officer=None) == [
        "شناسنامه — نام دیگر، شماره ۷"
    ]
    nobody = Account(first_name="نام", last_name="دیگر", user_code="1", password_hash="x")
    bare = said("birth_certificate", data={}, owner=nobody, officer=None, full_code=False)
    assert bare == ["شناسنامه — نام دیگر"]
    assert said("military", data={"last_name": "کریمی"}, owner=nobody) == ["پایان خدمت و سربازی ۱۸ — کریمی"]


def test_of_several_files_the_facts_stand_below_the_first() -> None:
    assert said("personal_photo", files=2) == ["عکس (۱ از ۲) — زن", "عکس (۲ از ۲)"]
    assert said("personal_photo", which="~", files=2) == [
        BIDI_MARKS.sub("", t("desk.document_replaced", doc=f"عکس ({i} از ۲)")) for i in ("۱", "۲")
    ]
    assert said("personal_photo", which="<") == [BIDI_MARKS.sub("", t("desk.document_deficient", doc="عکس"))]
    dark = t("desk.document_quality", why=t("quality_short.dark"))
    warned = said("personal_photo", files=2, quality_warnings={2: "dark"})
    assert warned == ["عکس (۱ از ۲) — زن", f"عکس (۲ از ۲)\n{BIDI_MARKS.sub('', dark)}"]
