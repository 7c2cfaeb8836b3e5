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
from conversations.common.labels import short_university
from conversations.engine.engine import Engine
from conversations.staff.reference_data import CODE, MARK, PROVINCE
from handlers.common.navigation import ButtonRow, back, home, number_in
from handlers.common.numbered_list import STAFF, numbered, question
from storage.tables import Coverage, University

PAGE = 10


def routes(engine: Engine) -> Routes:
    """staff.provinces → staff.province → staff.university_data, and staff.coverage → staff.cover."""
    table = Routes()
    for action, decide in (
        ("staff.provinces", provinces),
        ("staff.province", province),
        ("staff.university_data", place),
        ("staff.university_ask", place_ask),
        ("staff.coverage", coverage),
        ("staff.cover", cover),
        ("staff.cover_ask", cover_ask),
    ):
        table.show(action, roles=STAFF)(decide)
    table.act("staff.university_do", roles=STAFF)(place_do)
    table.act("staff.cover_do", roles=STAFF)(cover_do)

    @table.act("staff.rename_university", roles=STAFF)
    def rename(turn: Turn, press: Press) -> Reply:
        universities.standing(turn.db, actor=turn.actor, code=press.arg)
        return engine.start(turn, "rename_university", answers={CODE: press.arg, MARK: press.version})

    @table.act("staff.new_cover", roles=STAFF)
    def new_coverage(turn: Turn, press: Press) -> Reply:
        name, _ = universities.province(turn.db, actor=turn.actor, number=press.id)
        return engine.start(turn, "new_coverage", answers={PROVINCE: name})

    return table


def provinces(turn: Turn, press: Press) -> Screen:
    """The 31 provinces; those whose files would find nobody are marked."""
    every = list(enumerate(universities.by_province(turn.db, actor=turn.actor).items(), start=1))

    def line(i: str, one: tuple[int, tuple[str, list[University]]]) -> str:
        name, found = one[1]
        key = "kept.uni.province_line" if universities.served(found) else "kept.uni.province_gap"
        return t(key, i=i, name=name, n=digits(sum(u.active and u.regional for u in found)))

    lines, rows = numbered(
        press, every, size=PAGE, line=line, make_button=lambda i, one: button(i, "staff.province", one[0])
    )
    return Screen("\n".join([t("kept.uni.provinces"), *lines]), (*rows, (home(),)))


def province(turn: Turn, press: Press) -> Screen:
    """The universities of one province, and the button to its coverage."""
    name, found = universities.province(turn.db, actor=turn.actor, number=press.id)
    lines = [t("kept.uni.province", name=name)]
    if name == universities.CHOOSING_PROVINCE:
        lines.append(t("kept.uni.choosing"))
    if not universities.served(found):
        lines.append(t("kept.uni.gap"))
    rows: list[ButtonRow] = []
    for i, one in enumerate(found, start=1):
        experts = universities.standing(turn.db, actor=turn.actor, code=one.code).experts
        lines.append(t("kept.uni.line", i=digits(i), name=one.name, flags=_flags(one), n=digits(experts)))
        rows.append(
            (
                button(
                    f"{digits(i)}. {short_university(one.name)}"[:20], "staff.university_data", arg=one.code
                ),
            )
        )
    on = sum(row.active for row, _ in universities.coverage(turn.db, actor=turn.actor, province=name))
    rows.append((button(t("kept.uni.coverage", n=digits(on)), "staff.coverage", press.id),))
    page = str((press.id - 1) // PAGE)
    return Screen("\n".join(lines), (*rows, (back("staff.provinces", arg=page), home())))


def _flags(one: University) -> str:
    flags = [t("kept.uni.is_on") if one.active else t("kept.uni.is_off")]
    flags.append(t("kept.uni.is_regional") if one.regional else t("kept.uni.is_not_regional"))
    if one.province_default:
        flags.append(t("kept.uni.is_default"))
    return "، ".join(flags)


def place(turn: Turn, press: Press) -> Screen:
    """One university, and everything that can be changed about it."""
    found = universities.standing(turn.db, actor=turn.actor, code=press.arg)
    one = found.university
    mark = reference_rows.row_fingerprint(one)
    lines = [
        one.name,
        t("kept.uni.of_province", name=one.province),
        _flags(one),
        t("kept.uni.depends", experts=digits(found.experts), files=digits(found.files)),
    ]

    def ask(label: str, what: str) -> Button:
        return button(t(label), "staff.university_ask", 0, mark, f"{one.code}:{what}")

    active = ask("kept.uni.off" if one.active else "kept.uni.on", f"active:{int(not one.active)}")
    regional = ask(
        "kept.uni.not_regional" if one.regional else "kept.uni.regional", f"regional:{int(not one.regional)}"
    )
    rows: list[ButtonRow] = [(active, regional)]
    if not one.province_default and one.province != universities.CHOOSING_PROVINCE:
        rows.append((ask("kept.uni.make_default", "default:1"),))
    rows.append(
        (
            button(t("kept.rename"), "staff.rename_university", 0, mark, one.code),
            button(t("staff.experts"), "staff.university", arg=one.code),
        )
    )
    province_number = universities.number_of(turn.db, actor=turn.actor, name=one.province)
    return Screen("\n".join(lines), (*rows, (back("staff.province", province_number), home())))


def _wanted(press: Press) -> tuple[str, Switch | None, bool]:
    """(university, what to switch — None: make it the default —, on). Raises Stale for forged buttons."""
    code, _, rest = press.arg.partition(":")
    match rest.split(":"):
        case ["active" | "regional" as what, "0" | "1" as value]:
            return code, Switch(what), value == "1"
        case ["default", "1"]:
            return code, None, True
    raise Stale


def place_ask(turn: Turn, press: Press) -> Screen:
    """The question before a university changes, with what depends on it; the university, where it changed meanwhile."""
    code, what, on = _wanted(press)
    found = universities.standing(turn.db, actor=turn.actor, code=code)
    if reference_rows.row_fingerprint(found.university) != press.version:
        return place(turn, Press("staff.university_data", arg=code))
    key = f"kept.uni.ask_{what.value}_{'on' if on else 'off'}" if what else "kept.uni.ask_default"
    text = t(
        key,
        name=found.university.name,
        province=found.university.province,
        files=digits(found.files),
        experts=digits(found.experts),
    )
    yes = button(t("kept.yes"), "staff.university_do", 0, press.version, press.arg)
    return question(text, yes, Press("staff.university_data", arg=code))


def place_do(turn: Turn, press: Press) -> Reply:
    code, what, on = _wanted(press)
    if what is None:
        universities.make_default(turn.db, actor=turn.actor, code=code, expected=press.version, now=turn.now)
    else:
        universities.switch(
            turn.db, actor=turn.actor, code=code, what=what, on=on, expected=press.version, now=turn.now
        )
    return Reply(goto=Press("staff.university_data", arg=code), notice=t("kept.done"))


# -- coverage --------------------------------------------------------------------------------------


def _place(row: Coverage) -> str:
    city = row.city or "–"
    return city if row.district is None else t("kept.uni.city_district", city=city, n=digits(row.district))


def coverage(turn: Turn, press: Press) -> Screen:
    """Which places of a province go elsewhere; what is switched off waits for the directorate's word."""
    name, _ = universities.province(turn.db, actor=turn.actor, number=press.id)
    every = universities.coverage(turn.db, actor=turn.actor, province=name)

    def line(i: str, one: tuple[Coverage, University]) -> str:
        sign = t("kept.sign_on") if one[0].active else t("kept.sign_off")
        return t("kept.uni.cover_line", i=i, sign=sign, place=_place(one[0]), university=one[1].name)

    lines, rows = numbered(
        press,
        every,
        size=PAGE,
        line=line,
        make_button=lambda i, one: button(i, "staff.cover", one[0].id or 0),
    )
    title = [t("kept.uni.coverage_title", province=name)]
    title.append(
        t("kept.uni.suggests") if name == universities.CHOOSING_PROVINCE else t("kept.uni.goes_before")
    )
    if not every:
        lines = [t("error.empty")]
    new = (button(t("kept.uni.new_coverage"), "staff.new_cover", press.id),)
    ways_on = (back("staff.province", press.id), home())
    return Screen("\n".join([*title, *lines]), (*rows, new, ways_on))


def cover(turn: Turn, press: Press) -> Screen:
    """One row of the coverage."""
    row, university = universities.coverage_row(turn.db, actor=turn.actor, coverage_id=press.id)
    state = t("kept.uni.is_on") if row.active else t("kept.uni.is_off")
    lines = [
        t("kept.uni.cover", province=row.province, place=_place(row)),
        t("kept.uni.cover_to", university=university.name),
        t("kept.uni.state", state=state),
    ]
    label = t("kept.uni.off") if row.active else t("kept.uni.on")
    toggle = button(
        label, "staff.cover_ask", press.id, reference_rows.row_fingerprint(row), str(int(not row.active))
    )
    number = universities.number_of(turn.db, actor=turn.actor, name=row.province)
    return Screen("\n".join(lines), ((toggle,), (back("staff.coverage", number), home())))


def cover_ask(turn: Turn, press: Press) -> Screen:
    row, university = universities.coverage_row(turn.db, actor=turn.actor, coverage_id=press.id)
    if reference_rows.row_fingerprint(row) != press.version:
        return cover(turn, press)
    on = number_in(press) == 1
    key = "kept.uni.cover_ask_on" if on else "kept.uni.cover_ask_off"
    text = t(key, place=_place(row), university=university.name)
    yes = button(t("kept.yes"), "staff.cover_do", press.id, press.version, press.arg)
    return question(text, yes, Press("staff.cover", press.id))


def cover_do(turn: Turn, press: Press) -> Reply:
    universities.set_coverage(
        turn.db,
        actor=turn.actor,
        coverage_id=press.id,
        active=number_in(press) == 1,
        expected=press.version,
        now=turn.now,
    )
    return Reply(goto=Press("staff.cover", press.id), notice=t("kept.done"))
