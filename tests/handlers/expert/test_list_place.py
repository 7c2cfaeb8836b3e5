"""What a button of a list says of page, filters, order and university, and what it is taken for."""

import pytest

from bot.services.review.worklists import AgeFilter, Filters
from handlers.expert.list_place import ListPlace
from storage.enums import RequestKind

NEW, AMENDMENT = RequestKind.NEW, RequestKind.AMENDMENT

PLACES = {
    "0": ListPlace(),
    "99999": ListPlace(99_999),
    "0.n.": ListPlace(filters=Filters(NEW)),
    "3.a.": ListPlace(3, Filters(AMENDMENT)),
    "0.f.": ListPlace(filters=Filters(age=AgeFilter.UP_TO_3)),
    "0.m.": ListPlace(filters=Filters(age=AgeFilter.FROM_3_TO_10)),
    "0.o.": ListPlace(filters=Filters(age=AgeFilter.OVER_10)),
    "0.t.": ListPlace(filters=Filters(turned=True)),
    "12.aot.sums": ListPlace(12, Filters(AMENDMENT, AgeFilter.OVER_10, True), "sums"),
    "0..sums": ListPlace(university="sums"),
    "1..a-b_C9" + "x" * 26: ListPlace(1, university="a-b_C9" + "x" * 26),
}


@pytest.mark.parametrize("packed", PLACES)
def test_a_place_as_it_is_written(packed: str) -> None:
    assert (ListPlace.of(packed), PLACES[packed].pack()) == (PLACES[packed], packed)


@pytest.mark.parametrize(
    ("arg", "place"),
    [
        ("", ListPlace()),
        (".n.", ListPlace(filters=Filters(NEW))),
        ("1.zz.", ListPlace(1)),
        ("1.na.", ListPlace(1, Filters(NEW))),
        *((odd, ListPlace()) for odd in ("x", "123456", "1.nnnn.", "1.n", "1.N.", "1..%", "1.." + "x" * 33)),
    ],
)
def test_what_nobody_wrote_is_the_first_page_of_all_it_does_not_say(arg: str, place: ListPlace) -> None:
    assert ListPlace.of(arg) == place


def test_another_filter_begins_at_the_first_page() -> None:
    place = ListPlace.of("7.nf.sums")
    assert place.with_filters(kind=None, turned=True).pack() == "0.ft.sums"
    assert place.pack() == "7.nf.sums"
