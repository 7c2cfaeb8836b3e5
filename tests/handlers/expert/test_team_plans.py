"""What colleagues' screens read is found by an index, however many files there are."""

from sqlalchemy import event
from sqlmodel import Session

from bot.core.context import Actor
from bot.services import team
from bot.services.qualification.requests import QUALIFICATION_WORKFLOW
from bot.services.review import file_notes
from storage.enums import Role
from tests.support.chat_driver import App
from tests.support.chat_people import expert, in_charge, officer, request_of, submit

GROWING = ("qualification_request", "cooperation_request", "file_note", "expert_leave", "audit_event", "push")


def test_no_table_that_grows_is_read_as_a_whole(app: App) -> None:
    chief, maryam, sara = in_charge(app), expert(app), submit(officer(app))
    head = Actor(chief.account.id, Role.IN_CHARGE, "sums")
    number, of_maryam = request_of(sara).id, maryam.account.id or 0

    def plans(db: Session) -> list[str]:
        asked: list[tuple[str, object]] = []
        connection = db.connection()

        def note(conn: object, cursor: object, statement: str, values: object, *more: object) -> None:
            if statement.lstrip().upper().startswith("SELECT"):
                asked.append((statement, values))

        event.listen(connection, "before_cursor_execute", note)
        team.team_figures(db, actor=head, now=app.clock(), overdue_before=app.clock())
        team.own_figures(db, actor=head, now=app.clock(), overdue_before=app.clock())
        for source in (None, of_maryam):
            team.candidates(db, QUALIFICATION_WORKFLOW, actor=head, source=source)
        team.sources(db, QUALIFICATION_WORKFLOW, actor=head)
        team.team_leaves(db, actor=head)
        team.own_leave(db, actor=head)
        file_notes.of_file(db, "qualification", number)
        QUALIFICATION_WORKFLOW.give_back(
            db, expert_id=of_maryam, university_code="sums", most=8, now=app.clock()
        )
        event.remove(connection, "before_cursor_execute", note)
        return [
            row[3]
            for statement, values in asked
            for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
        ]

    found = app.run(plans)
    assert len(found) > 15
    scans = [plan for plan in found if any(plan.startswith(f"SCAN {table}") for table in GROWING)]
    assert not scans, scans
