"""The generated parts of docs/architecture.md and docs/states.md are those of the code."""

from tests.docs.diagrams import BLOCK, PAGES, PARTS, rendered


def test_the_pages_are_up_to_date() -> None:
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        assert rendered(text) == text, f"run `make diagrams`: {page.name}"


def test_a_stale_part_is_found() -> None:
    texts = [page.read_text(encoding="utf-8") for page in PAGES]
    assert [found[1] for text in texts for found in BLOCK.finditer(text)] == [*PARTS]
    for text, right, wrong in zip(
        texts,
        ("`storage/tables/` | Every", "ACTIVE: lift (staff)"),
        ("`storage/tables/` | No", "ANNULLED: lift (staff)"),
        strict=True,
    ):
        assert right in text
        assert rendered(text.replace(right, wrong)) == text
