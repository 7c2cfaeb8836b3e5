"""The initial reference data: complete, consistent with what the product offers, and never undone at a restart."""

from sqlalchemy import func, select

from bot.rules.regions import cities_of, provinces
from storage.database.database import Database
from storage.migrations.seed import seed
from storage.tables import Coverage, DegreeLevel, DocumentType, FieldOfStudy, University


async def test_every_province_but_tehran_has_one_default_university(seeded: Database) -> None:
    rows = await seeded.read(lambda session: session.scalars(select(University)).all())

    defaults = [row.province for row in rows if row.province_default]
    assert sorted(defaults) == sorted(set(provinces()) - {"تهران"})
    choices = [row.code for row in rows if row.province == "تهران" and row.regional]
    assert sorted(choices) == ["iums", "sbmu", "tums"]


async def test_coverage_speaks_of_offered_cities_and_is_off_outside_tehran(seeded: Database) -> None:
    rows = await seeded.read(lambda session: session.scalars(select(Coverage)).all())

    assert len(rows) == 129
    assert [row.city for row in rows if row.city not in cities_of(row.province)] == []
    assert {row.province for row in rows if row.active} == {"تهران"}
    assert sorted(row.district for row in rows if row.district) == list(range(1, 23))


async def test_seeding_again_changes_nothing_that_staff_changed(seeded: Database) -> None:
    def close(session) -> None:  # type: ignore[no-untyped-def]
        session.get(DegreeLevel, "associate").allowed = False
        session.get(DocumentType, "retraining").required = "yes"

    await seeded.run(close)
    before = await seeded.read(_counts)

    await seeded.run(seed)

    assert await seeded.read(_counts) == before
    assert not await seeded.read(lambda session: session.get(DegreeLevel, "associate").allowed)
    assert await seeded.read(lambda session: session.get(DocumentType, "retraining").required) == "yes"


async def test_only_the_military_card_depends_on_gender_and_one_field_wants_words(seeded: Database) -> None:
    documents = await seeded.read(lambda session: session.scalars(select(DocumentType)).all())
    noted = await seeded.read(
        lambda session: session.scalars(select(FieldOfStudy.name).where(FieldOfStudy.needs_note)).all()
    )

    assert [document.code for document in documents if document.required == "men"] == ["military_card"]
    assert noted == ["سایر (با توضیح)"]


def _counts(session):  # type: ignore[no-untyped-def]
    tables = (University, Coverage, DegreeLevel, FieldOfStudy, DocumentType)
    return [session.scalar(select(func.count()).select_from(table)) for table in tables]
