"""The generated parts of docs/architecture.md are those of the code."""

from tests.docs.diagrams import BLOCK, PAGE, rendered


def test_the_page_is_up_to_date() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert rendered(page) == page, "run `make diagrams`"


def test_a_stale_part_is_found() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert {found[1] for found in BLOCK.finditer(page)} == {"table", "imports", "update"}
    assert rendered(page.replace("`storage/tables/` | Every", "`storage/tables/` | No")) == page
