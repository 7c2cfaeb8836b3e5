"""Screens of the directorate's staff: universities by province, and the places they cover.

See docs/specification.md 3, 4.1.
"""

from __future__ import annotations

from bot.application.routes import Routes
from bot.core.context import Turn
from bot.core.refusals import Stale
from bot.core.screens import Button, Press, Reply, Screen, button
from bot.services.directorate import reference_rows, universities
from bot.services.directorate.universities import Switch
from bot.texts import t
from bot.texts.formats import digits
from conversations.common.labels import contact_lines, short_university
from conversations.engine.engine import Engine
from conversations.staff.reference_data import CODE, MARK, PROVINCE
from handlers.common.navigation import ButtonRow, back_button, home_button, number_in
from handlers.common.numbered_list import STAFF, confirmation_screen, numbered_page
from storage.tables import Coverage, University

PAGE = 10


def routes(engine: Engine) -> Routes:
    """staff.provinces → staff.province → staff.university_data, and staff.coverage → staff.cover."""
    table = Routes()
    for action, decide in (
        ("staff.provinces", show_provinces),
        ("staff.province", show_province),
        ("staff.university_data", show_university_data),
        ("staff.university_ask", ask_university_change),
        ("staff.coverage", show_coverage),
        ("staff.cover", show_coverage_row),
        ("staff.cover_ask", ask_coverage_change),
    ):
        table.show(action, roles=STAFF, listed=action in ("staff.provinces", "staff.coverage"))(decide)
    table.act("staff.university_do", roles=STAFF)(change_university)
    table.act("staff.cover_do", roles=STAFF)(change_coverage)

    @table.act("staff.rename_university", roles=STAFF)
    def rename(turn: Turn, press: Press) -> Reply:
        universities.university_overview(turn.db, actor=turn.actor, code=press.arg)
        return engine.start(turn, "rename_university", answers={CODE: press.arg, MARK: press.version})

    @table.act("staff.university_contact", roles=STAFF)
    def contact(turn: Turn, press: Press) -> Reply:
        row = universities.university_overview(turn.db, actor=turn.actor, code=press.arg).university
        given = {
            "university_phone": row.phone,
            "university_hours": row.hours,
            "university_address": row.address,
        }
        answers = given if any(given.values()) else {}
        return engine.start(
            turn, "university_contact", answers={CODE: row.code, MARK: press.version, **answers}
        )

    @table.act("staff.new_cover", roles=STAFF)
    def new_coverage(turn: Turn, press: Press) -> Reply:
        name, _ = universities.universities_of(turn.db, actor=turn.actor, number=press.id)
        return engine.start(turn, "new_coverage", answers={PROVINCE: name})

    return table


def show_provinces(turn: Turn, press: Press) -> Screen:
    """The 31 provinces; those whose files would find nobody are marked."""
    every = list(enumerate(universities.by_province(turn.db, actor=turn.actor).items(), start=1))

    def line(i: str, numbered_province: tuple[int, tuple[str, list[University]]]) -> str:
        name, listed = numbered_province[1]
        key = (
            "universities.province_line"
            if universities.has_open_university(listed)
            else "universities.province_gap"
        )
        return t(key, i=i, name=name, n=digits(sum(u.active and u.regional for u in listed)))

    lines, rows = numbered_page(
        press,
        every,
        size=PAGE,
        line=line,
        make_button=lambda i, numbered_province: button(i, "staff.province", numbered_province[0]),
    )
    return Screen("\n".join([t("universities.provinces"), *lines]), (*rows, (home_button(),)))


def show_province(turn: Turn, press: Press) -> Screen:
    """The universities of one province, and the button to its coverage."""
    name, listed = universities.universities_of(turn.db, actor=turn.actor, number=press.id)
    lines = [t("universities.province", name=name)]
    if name == universities.CHOOSING_PROVINCE:
        lines.append(t("universities.choosing"))
    if not universities.has_open_university(listed):
        lines.append(t("universities.gap"))
    rows: list[ButtonRow] = []
    for i, university in enumerate(listed, start=1):
        experts = universities.university_overview(turn.db, actor=turn.actor, code=university.code).experts
        lines.append(
            t(
                "universities.line",
                i=digits(i),
                name=university.name,
                flags=_flags(university),
                n=digits(experts),
            )
        )
        rows.append(
            (
                button(
                    f"{digits(i)}. {short_university(university.name)}"[:20],
                    "staff.university_data",
                    arg=university.code,
                ),
            )
        )
    on = sum(row.active for row, _ in universities.coverage(turn.db, actor=turn.actor, province=name))
    rows.append((button(t("universities.coverage", n=digits(on)), "staff.coverage", press.id),))
    page = str((press.id - 1) // PAGE)
    return Screen("\n".join(lines), (*rows, (back_button("staff.provinces", arg=page), home_button())))


def _flags(university: University) -> str:
    flags = [t("universities.is_on") if university.active else t("universities.is_off")]
    flags.append(t("universities.is_regional") if university.regional else t("universities.is_not_regional"))
    if university.province_default:
        flags.append(t("universities.is_default"))
    return "، ".join(flags)


def show_university_data(turn: Turn, press: Press) -> Screen:
    """One university, and everything that can be changed about it."""
    overview = universities.university_overview(turn.db, actor=turn.actor, code=press.arg)
    university = overview.university
    mark = reference_rows.row_fingerprint(university)
    lines = [
        university.name,
        t("universities.of_province", name=university.province),
        _flags(university),
        t("universities.depends", experts=digits(overview.experts), files=digits(overview.files)),
        *contact_lines(university, missing=t("universities.no_contact")),
    ]

    def ask(label: str, what: str) -> Button:
        return button(t(label), "staff.university_ask", 0, mark, f"{university.code}:{what}")

    active = ask(
        "universities.off" if university.active else "universities.on", f"active:{int(not university.active)}"
    )
    regional = ask(
        "universities.not_regional" if university.regional else "universities.regional",
        f"regional:{int(not university.regional)}",
    )
    rows: list[ButtonRow] = [(active, regional)]
    if not university.province_default and university.province != universities.CHOOSING_PROVINCE:
        rows.append((ask("universities.make_default", "default:1"),))
    rows.append(
        (
            button(t("reference_data.rename"), "staff.rename_university", 0, mark, university.code),
            button(t("staff.experts"), "staff.university", arg=university.code),
        )
    )
    rows.append(
        (
            button(t("universities.contact"), "staff.university_contact", 0, mark, university.code),
            button(t("desk.files_of_university"), "desk.lists", arg=university.code),
        )
    )
    province_number = universities.number_of(turn.db, actor=turn.actor, name=university.province)
    return Screen("\n".join(lines), (*rows, (back_button("staff.province", province_number), home_button())))


def _requested_switch(press: Press) -> tuple[str, Switch | None, bool]:
    """(university, what to switch — None: make it the default —, on). Raises Stale for forged buttons."""
    code, _, rest = press.arg.partition(":")
    match rest.split(":"):
        case ["active" | "regional" as what, "0" | "1" as value]:
            return code, Switch(what), value == "1"
        case ["default", "1"]:
            return code, None, True
    raise Stale


def ask_university_change(turn: Turn, press: Press) -> Screen:
    """The question before a university changes, with what depends on it; the university, where it changed
    meanwhile."""
    code, what, on = _requested_switch(press)
    overview = universities.university_overview(turn.db, actor=turn.actor, code=code)
    if reference_rows.row_fingerprint(overview.university) != press.version:
        return show_university_data(turn, Press("staff.university_data", arg=code))
    key = f"universities.ask_{what.value}_{'on' if on else 'off'}" if what else "universities.ask_default"
    text = t(
        key,
        name=overview.university.name,
        province=overview.university.province,
        files=digits(overview.files),
        experts=digits(overview.experts),
    )
    yes = button(t("reference_data.yes"), "staff.university_do", 0, press.version, press.arg)
    return confirmation_screen(text, yes, Press("staff.university_data", arg=code))


def change_university(turn: Turn, press: Press) -> Reply:
    code, what, on = _requested_switch(press)
    if what is None:
        universities.make_default(turn.db, actor=turn.actor, code=code, expected=press.version, now=turn.now)
    else:
        universities.set_switch(
            turn.db, actor=turn.actor, code=code, what=what, on=on, expected=press.version, now=turn.now
        )
    return Reply(goto=Press("staff.university_data", arg=code), notice=t("reference_data.done"))


# -- coverage --------------------------------------------------------------------------------------


def _coverage_place(row: Coverage) -> str:
    city = row.city or "–"
    return (
        city if row.district is None else t("universities.city_district", city=city, n=digits(row.district))
    )


def show_coverage(turn: Turn, press: Press) -> Screen:
    """Which places of a province go elsewhere; what is switched off waits for the directorate's word."""
    name, _ = universities.universities_of(turn.db, actor=turn.actor, number=press.id)
    every = universities.coverage(turn.db, actor=turn.actor, province=name)

    def line(i: str, covered: tuple[Coverage, University]) -> str:
        sign = t("reference_data.sign_on") if covered[0].active else t("reference_data.sign_off")
        return t(
            "universities.cover_line",
            i=i,
            sign=sign,
            place=_coverage_place(covered[0]),
            university=covered[1].name,
        )

    lines, rows = numbered_page(
        press,
        every,
        size=PAGE,
        line=line,
        make_button=lambda i, covered: button(i, "staff.cover", covered[0].id or 0),
    )
    title = [t("universities.coverage_title", province=name)]
    title.append(
        t("universities.suggests")
        if name == universities.CHOOSING_PROVINCE
        else t("universities.goes_before")
    )
    if not every:
        lines = [t("error.empty")]
    new = (button(t("universities.new_coverage"), "staff.new_cover", press.id),)
    ways_on = (back_button("staff.province", press.id), home_button())
    return Screen("\n".join([*title, *lines]), (*rows, new, ways_on))


def show_coverage_row(turn: Turn, press: Press) -> Screen:
    """One row of the coverage."""
    row, university = universities.coverage_row(turn.db, actor=turn.actor, coverage_id=press.id)
    state = t("universities.is_on") if row.active else t("universities.is_off")
    lines = [
        t("universities.cover", province=row.province, place=_coverage_place(row)),
        t("universities.cover_to", university=university.name),
        t("universities.state", state=state),
    ]
    label = t("universities.off") if row.active else t("universities.on")
    toggle = button(
        label, "staff.cover_ask", press.id, reference_rows.row_fingerprint(row), str(int(not row.active))
    )
    number = universities.number_of(turn.db, actor=turn.actor, name=row.province)
    return Screen("\n".join(lines), ((toggle,), (back_button("staff.coverage", number), home_button())))


def ask_coverage_change(turn: Turn, press: Press) -> Screen:
    row, university = universities.coverage_row(turn.db, actor=turn.actor, coverage_id=press.id)
    if reference_rows.row_fingerprint(row) != press.version:
        return show_coverage_row(turn, press)
    on = number_in(press) == 1
    key = "universities.cover_ask_on" if on else "universities.cover_ask_off"
    text = t(key, place=_coverage_place(row), university=university.name)
    yes = button(t("reference_data.yes"), "staff.cover_do", press.id, press.version, press.arg)
    return confirmation_screen(text, yes, Press("staff.cover", press.id))


def change_coverage(turn: Turn, press: Press) -> Reply:
    universities.set_coverage(
        turn.db,
        actor=turn.actor,
        coverage_id=press.id,
        active=number_in(press) == 1,
        expected=press.version,
        now=turn.now,
    )
    return Reply(goto=Press("staff.cover", press.id), notice=t("reference_data.done"))
