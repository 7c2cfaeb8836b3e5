import pytest
from sqlmodel import Session

from storage.database.database import Database
from storage.tables import ClosedPair, DegreeLevel, FieldOfStudy
from tests.support.factories.reference_data import add_reference_data


@pytest.fixture(autouse=True)
async def reference_data(request: pytest.FixtureRequest, database: Database) -> None:
    """With a level, a field and a pair of both that do not register; `parties` bring their own."""
    if "parties" in request.fixturenames:
        return

    def unit(db: Session) -> None:
        add_reference_data(db)
        db.add(DegreeLevel(code="associate", name="کاردانی", position=0, allowed=False))
        db.add(FieldOfStudy(code="physics", name="فیزیک پزشکی", position=3))
        db.add(FieldOfStudy(code="closed", name="شیمی", position=4, allowed=False))
        db.flush()
        db.add(ClosedPair(level_code="bachelor", field_code="physics"))

    await database.run(unit)
