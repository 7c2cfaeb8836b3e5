"""What a search finds for whom: each file, person or company that is not found differs in one thing from one that is."""

from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import Session, select

from bot.core.context import Actor
from bot.core.refusals import NotAllowed, Stale
from bot.services.search import index, keys, lookup, names
from bot.services.search.lookup import Results
from storage.enums import CooperationState, RequestKind, RequestState, Role, SearchSubject
from storage.tables import (
    COMPANIES,
    EVERYWHERE,
    Account,
    AuditEvent,
    CooperationRequest,
    Distributor,
    QualificationRequest,
    SearchKey,
    SearchQuery,
)
from tests.support.factories.cooperation import Parties, accepted_request
from tests.support.factories.distributors import distributor
from tests.support.factories.people import account, officer
from tests.support.factories.qualification import add_request
from tests.support.factories.reference_data import NOW
from tests.support.services import refused

#: What is asked for does not depend on the database; the plans on both are looked at by themselves.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

DAY, SECOND = timedelta(days=1), timedelta(seconds=1)


def file(
    db: Session, owner: Actor, number: int | None, university: str = "sums", **values: Any
) -> QualificationRequest:
    """A file that reached its university, whose experts find the person from then on; a draft without a number."""
    state = values.pop("state", RequestState.COMPLETED if number else RequestState.DRAFT)
    code = None if number is None else f"1405090100{number:02}"
    request = add_request(
        db, owner, state, tracking_code=code, university_code=university, submitted_at=NOW, **values
    )
    if number is not None:
        index.open_to(db, account_id=owner.account_id, university_code=university)
    return request


def named(hit: lookup.Hit) -> str:
    subject = hit.subject
    kind = {
        QualificationRequest: "file",
        CooperationRequest: "request",
        Account: "person",
        Distributor: "company",
    }.get(type(subject), "row")
    newest = f" newest={hit.newest.id}" if hit.newest is not None else ""
    more = "".join(f" {one}" for one in (hit.company, hit.city) if one)
    return f"{kind} {getattr(subject, 'id', None) or subject.code} {hit.name}{newest}{more}"  # type: ignore[union-attr]


def found(db: Session, actor: Actor, text: str) -> list[str]:
    return [named(hit) for hit in lookup.search(db, actor=actor, text=text).hits]


def person(db: Session, actor: Actor) -> str:
    return f"person {actor.account_id} {db.get_one(Account, actor.account_id).name}"


def test_a_file_is_found_by_its_code_where_it_reached(db: Session, parties: Parties) -> None:
    one = file(db, parties.unqualified, 11)
    file(db, parties.mina, None)
    file(db, parties.mina, 12, "mui")
    asked = accepted_request(db, parties.kian, parties.sara)
    asked.tracking_code = "140509010013"
    db.flush()
    mine = [f"file {one.id} سارا کریمی‌نژاد"]
    for text in ("140509010011", "۱۴۰۵۰۹۰۱۰۰۱۱", "پرونده 14050901-0011 کجاست؟", "140509010011 140509010099"):
        for actor in (parties.ali, parties.staff):
            assert found(db, actor, text) == mine, text
        assert found(db, parties.foreign, text) == []
    assert found(db, parties.ali, "140509010012") == []
    assert found(db, parties.ali, "140509010013") == [f"request {asked.id} سارا نمونه کیان طب"]
    assert found(db, parties.ali, "14050901001") == [], "a digit is missing"


def test_a_person_is_found_by_each_number(db: Session, parties: Parties) -> None:
    """By experts where a file of theirs came to the university."""
    sara = parties.unqualified
    row = db.get_one(Account, sara.account_id)
    row.mobile, row.user_code, row.national_code = "+989121112233", "Ab-77", "9991234561"
    db.flush()
    one = file(db, sara, 11)
    file(db, sara, None)
    lines = [f"{person(db, sara)} newest={one.id}", f"file {one.id} سارا کریمی‌نژاد"]
    for text in (
        "9991234561",
        "کد ملی ۹۹۹۱۲۳۴۵۶۱ است",
        "09121112233",
        "0912 111 2233",
        "+989121112233",
        "989121112233",
        "Ab-77",
        " Ab-77 ",
        "4561",
    ):
        assert found(db, parties.staff, text) == lines, text
        assert found(db, parties.ali, text) == lines[1:], text
        assert found(db, parties.foreign, text) == [], text
    for text in ("9991234560", "09121112234", "4562", "561", "99912"):
        assert found(db, parties.staff, text) == [], text


def test_of_a_few_people_every_file_is_listed(db: Session, parties: Parties) -> None:
    people = [officer(db, "نگار", f"آذری{number}", chat=False) for number in range(3)]
    first = file(db, people[1], 11)
    newest = file(db, people[1], 12, "mui", kind=RequestKind.AMENDMENT)
    asked = CooperationRequest(
        branch_id=parties.kian.east,
        distributor_id=parties.kian.id,
        account_id=people[1].account_id,
        requested_by=parties.kian.manager.account_id,
        tracking_code="140509010013",
        state=CooperationState.WITHDRAWN,
        closed_at=NOW,
        state_since=NOW,
    )
    db.add(asked)
    db.flush()
    line = f"{person(db, people[1])} newest={newest.id}"
    assert found(db, parties.staff, "نگار آذری") == [
        person(db, people[0]),
        line,
        f"file {newest.id} نگار آذری1",
        f"file {first.id} نگار آذری1",
        f"request {asked.id} نگار آذری1 کیان طب",
        person(db, people[2]),
    ]
    fourth = officer(db, "نگار", "آذری9", chat=False)
    assert found(db, parties.staff, "نگار آذری") == [
        person(db, people[0]),
        line,
        person(db, people[2]),
        person(db, fourth),
    ]


def test_companies_by_name_and_number(db: Session, parties: Parties) -> None:
    kian = f"company {parties.kian.id} کیان طب شیراز"
    for text in ("کیان", "طب کیان", "14009999995"):
        assert found(db, parties.staff, text) == [kian], text
    assert found(db, parties.staff, "70001") == [f"company {parties.arad.id} آراد شیراز"]
    assert found(db, parties.ali, "کیان") == found(db, parties.ali, "14009999995") == []
    asked = accepted_request(db, parties.kian, parties.sara)
    own = [f"request {asked.id} سارا نمونه کیان طب"]
    assert found(db, parties.ali, "کیان") == found(db, parties.ali, "14009999995") == own
    assert found(db, parties.foreign, "کیان") == []

    def companies(text: str) -> tuple[list[int], bool]:
        return names.companies(db, actor=parties.staff, text=text)

    assert companies("70001") == ([parties.arad.id], False)
    assert companies("طب کی") == ([parties.kian.id], False)
    assert [companies(text) for text in ("", "آ", "7000")] == [([], False)] * 3
    assert companies("آر") == ([parties.arad.id], False)


def test_people_and_companies_in_the_order_of_their_names(
    db: Session, parties: Parties, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever was entered first; of one name, in that order. By one beginning, or by two."""
    assert (names._KEYS, names._COMPANIES, names._PAIRED, names._CANDIDATES) == (200, 500, 300, 2000)
    assert (lookup._CODES, names.SHORTEST, names._PAIRS_OF) == (2000, 2, 3)
    people = [account(db, "نگار", last, chat=False).id for last in ("طباطبایی", "طبابت", "طبابت", "طباخ")]
    others = [distributor(db, name)[0].id for name in ("پارس طباطبا", "پارس طبابت", "پارس طبابت")]
    ordered = [people[1], people[2], people[3], people[0]]

    def ids(text: str) -> list[Any]:
        return [
            getattr(hit.subject, "id", None) for hit in lookup.search(db, actor=parties.staff, text=text).hits
        ]

    for text in ("نگار", "نگا طبا", "طبا نگار"):
        assert ids(text) == ordered, text
    companies = [others[1], others[2], others[0]]
    for text in ("پارس", "پار طبا", "طبا پارس"):
        assert ids(text) == companies, text
        assert names.companies(db, actor=parties.staff, text=text) == (companies, False), text
    for text in ("نگار", "نگا طبا", "طبا", "پارسی"):
        expected = [others[1], others[2], others[0]] if text == "طبا" else []
        assert names.companies(db, actor=parties.staff, text=text) == (expected, False), (
            "people are no companies"
        )
    # Whose name goes on so comes alone, where there is any; else who has words that begin so.
    between = account(db, "نگار", "یزدی طباطبایی", chat=False).id
    assert ids("نگار طبا") == ordered
    assert ids("نگار یزدی طبا") == ids("نگا یز طبا") == [between]
    assert ids("نگارین") == []
    # Where not all are read, the first ones are.
    monkeypatch.setattr(names, "_KEYS", 2)
    assert [ids(text) for text in ("نگار", "نگا طبا")] == [ordered[:2]] * 2
    assert lookup.search(db, actor=parties.staff, text="نگا طبا").more
    monkeypatch.setattr(names, "_PAIRED", 2)
    assert ids("نگا طبا") == ordered[:2]
    monkeypatch.setattr(names, "_COMPANIES", 2)
    assert names.companies(db, actor=parties.staff, text="پارس") == (companies[:2], True)


def test_universities_and_fields_by_their_words(db: Session, parties: Parties) -> None:
    assert found(db, parties.staff, "مهندسی پزشکی") == ["row biomedical مهندسی پزشکی"]
    assert found(db, parties.staff, "پزشکی مهندسی") == ["row biomedical مهندسی پزشکی"]
    assert found(db, parties.staff, "علوم فسا") == ["row fasa دانشگاه علوم پزشکی فسا"]
    assert found(db, parties.ali, "فسا") == []
    assert found(db, parties.staff, "دانشگاه علوم")[:2] == [
        "row mui دانشگاه علوم پزشکی اصفهان",
        "row tums دانشگاه علوم پزشکی تهران",
    ]


def test_where_there_is_more_the_search_says_so(
    db: Session, parties: Parties, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (lookup.MOST, lookup.FEW) == (50, 3)
    monkeypatch.setattr(lookup, "MOST", 3)
    people = [officer(db, "نگار", f"آذری{number}", chat=False) for number in range(3)]

    def ended(actor: Actor, text: str) -> tuple[int, bool]:
        results = lookup.search(db, actor=actor, text=text)
        return len(results.hits), results.more

    assert ended(parties.staff, "نگار") == (3, False)
    files = [file(db, one, 11 + number) for number, one in enumerate(people)]
    assert ended(parties.staff, "نگار") == (3, True), "each has a file besides"
    assert ended(parties.ali, "نگار") == (3, False)
    officer(db, "نگار", "آذری4", chat=False)
    assert ended(parties.staff, "نگار") == (3, True)
    assert ended(parties.ali, "نگار") == (3, False)
    file(db, people[0], 20)
    assert ended(parties.ali, "نگار") == (3, True)
    code = files[0].tracking_code or ""
    assert ended(parties.ali, code) == (1, False)
    for one in people:
        db.get_one(Account, one.account_id).national_code = None
    db.flush()


def test_ends_of_codes_are_many(db: Session, parties: Parties, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lookup, "MOST", 2)
    people = [
        officer(db, "نگار", f"آذری{one}", national_code=f"000{one}004444", chat=False) for one in range(3)
    ]
    mine = file(db, people[2], 11)
    results = lookup.search(db, actor=parties.staff, text="4444")
    assert (len(results.hits), results.more) == (2, True)
    results = lookup.search(db, actor=parties.ali, text="4444")
    assert ([named(hit) for hit in results.hits], results.more) == ([f"file {mine.id} نگار آذری2"], False)


def test_the_files_of_one_person(db: Session, parties: Parties) -> None:
    person_id = parties.unqualified.account_id or 0
    with refused(NotAllowed):
        lookup.files_of_person(db, actor=parties.staff, account_id=person_id)
    first = file(db, parties.unqualified, 11)
    second = file(db, parties.unqualified, 12, "mui")
    file(db, parties.unqualified, None)

    def files(actor: Actor) -> list[Any]:
        return [one.id for one in lookup.files_of_person(db, actor=actor, account_id=person_id)]

    assert (files(parties.staff), files(parties.ali), files(parties.foreign)) == (
        [second.id, first.id],
        [first.id],
        [second.id],
    )
    for nobody in (Actor(parties.ali.account_id, Role.EXPERT), parties.sara):
        with refused(NotAllowed):
            files(nobody)
        with refused(NotAllowed):
            lookup.search(db, actor=nobody, text="سارا")


# ── searches that are kept ───────────────────────────────────────────────────────────────────────────────────────


def test_pages_are_turned_by_who_searched(db: Session, parties: Parties) -> None:
    text = "سارا" + "آ" * 300
    number = lookup.keep(db, actor=parties.ali, text=text, now=NOW)
    assert lookup.kept(db, actor=parties.ali, query_id=number) == text[:200]
    for actor, query_id in ((parties.zahra, number), (parties.ali, 999)):
        with refused(Stale):
            lookup.kept(db, actor=actor, query_id=query_id)
    number = lookup.remember(db, actor=parties.ali, text="سارا", results=Results(), now=NOW)
    assert db.exec(select(AuditEvent).where(AuditEvent.event == "searched")).all() == []
    assert lookup.repeat(db, actor=parties.ali, query_id=number) == (
        "سارا",
        lookup.search(db, actor=parties.ali, text="سارا"),
    )


def test_old_searches_are_forgotten_batch_by_batch(
    db: Session, parties: Parties, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert lookup._FORGOTTEN == 200
    monkeypatch.setattr(lookup, "_FORGOTTEN", 2)
    ages = (DAY + SECOND, DAY + 2 * SECOND, DAY + SECOND, DAY, DAY - SECOND)
    ids = [lookup.keep(db, actor=parties.ali, text="x", now=NOW - age) for age in ages]
    assert [lookup.forget_old_searches(db, now=NOW) for _ in range(3)] == [2, 1, 0]
    assert [one.id for one in db.exec(select(SearchQuery).order_by(SearchQuery.id))] == ids[3:]


# ── what is lacking ──────────────────────────────────────────────────────────────────────────────────────────────


def test_what_no_search_finds_is_counted(db: Session, parties: Parties) -> None:
    """People, companies, and files whose university does not find their person; each kind up to a number."""
    unfound = [officer(db, "نگار", f"آذری{number}", chat=False) for number in range(2)]
    account(db, "…", "…", chat=False)
    file(db, parties.sara, 11)
    file(db, unfound[1], 14, "mui", state=RequestState.WITHDRAWN)
    file(db, parties.sara, None, state=RequestState.WITHDRAWN)
    add_request(db, parties.sara, RequestState.WITHDRAWN, tracking_code="140509010020", university_code=None)
    assert index.count_lacking(db, most=9) == 0

    def lose(kind: SearchSubject, subject_id: int | None, scope: str) -> None:
        query = select(SearchKey).where(
            SearchKey.kind == kind, SearchKey.subject_id == subject_id, SearchKey.scope == scope
        )
        lost = db.exec(query).all()
        assert lost
        for key in lost:
            db.delete(key)
        db.flush()

    lose(SearchSubject.ACCOUNT, parties.sara.account_id, "sums")
    assert index.count_lacking(db, most=9) == 1, "the file at Shiraz"
    lose(SearchSubject.DISTRIBUTOR, parties.kian.id, COMPANIES)
    assert index.count_lacking(db, most=9) == 2
    lose(SearchSubject.DISTRIBUTOR, parties.arad.id, EVERYWHERE)
    assert index.count_lacking(db, most=9) == 2, "found among companies"
    for one in unfound:
        lose(SearchSubject.ACCOUNT, one.account_id, EVERYWHERE)
    assert index.count_lacking(db, most=9) == 4
    assert index.count_lacking(db, most=1) == 3
    lose(SearchSubject.ACCOUNT, parties.sara.account_id, EVERYWHERE)
    assert index.count_lacking(db, most=9) == 4, "the person counts, the file with them"


def test_a_name_is_found_anew_where_it_was_known(db: Session, parties: Parties) -> None:
    row = db.get_one(Account, parties.unqualified.account_id)
    file(db, parties.unqualified, 11)
    row.first_name, row.last_name = "نگار", "آذری"
    db.flush()
    index.index_account(db, row)
    assert found(db, parties.ali, "کریمی") == found(db, parties.staff, "سارا کریمی") == []
    assert len(found(db, parties.ali, "نگار آذری")) == 1
    assert found(db, parties.foreign, "نگار آذری") == []
    before = {
        (one.scope, one.key) for one in db.exec(select(SearchKey).where(SearchKey.subject_id == row.id))
    }
    index.open_to(db, account_id=row.id, university_code="sums")
    after = {(one.scope, one.key) for one in db.exec(select(SearchKey).where(SearchKey.subject_id == row.id))}
    assert after == before, "nothing is doubled"
    at_home = {key for scope, key in after if scope == "sums"}
    assert at_home == keys.name_keys("نگار آذری")
