"""The guides name buttons and sentences as the bot has them, and show pictures that are there and small."""

import ast
import re
from pathlib import Path

import pytest
from PIL import Image

from bot.texts import catalogue
from tests.docs.references import ROOT
from tests.pictures import scenes
from tests.pictures.guides import GUIDES, page_of
from tests.pictures.scenes import SCENES

QUOTED = re.compile(r"«([^»]+)»")
PICTURE = re.compile(r"!\[([^\]]*)\]\(pictures/([\w-]+\.png)\)")
PICTURES = ROOT / "docs" / "pictures"


def sayings() -> list[re.Pattern[str]]:
    """Every line of the bot, with anything in the place of what is put into it, where words are left beside that; of a label
    also what it is without a number at its end."""
    lines = {line for text in catalogue().values() for line in text.strip().splitlines()}
    lines |= {line.removesuffix(" ({n})") for line in lines}
    fixed = {line: re.sub(r"\{\w+\}", "", line) for line in lines}
    told = [line for line in lines if fixed[line] == line or sum(one.isalpha() for one in fixed[line]) > 8]
    return [re.compile(re.sub(r"\\\{\w+\\\}", ".+", re.escape(line))) for line in told]


def unknown(text: str) -> list[str]:
    known = sayings()
    return [said for said in QUOTED.findall(text) if not any(one.fullmatch(said) for one in known)]


@pytest.mark.parametrize("guide", GUIDES, ids=lambda guide: guide.name)
def test_what_a_guide_quotes_is_what_people_find_in_the_bot(guide: Path) -> None:
    text = guide.read_text(encoding="utf-8")
    assert len(QUOTED.findall(text)) > 10
    assert unknown(text) == []


def test_a_button_that_was_renamed_is_found() -> None:
    assert unknown("«🔎 پیگیری درخواست» و «🔎 پیگیری پرونده» و «هشدارها»") == ["🔎 پیگیری پرونده", "هشدارها"]


def test_a_button_that_an_operator_is_sent_to_has_the_name_that_staff_see() -> None:
    """In documents and in what commands print: a name that begins with a picture, as «↩️ بازگشت وجه»."""
    button = re.compile(r"«([\u2190-\u2bff\U0001f000-\U0001faff]\ufe0f? [^»…{]+)»")
    of_the_demo = {"🧭 تور", "🧭 Tour"}
    pages = [*ROOT.glob("docs/*.md"), *ROOT.glob("README*.md"), *ROOT.glob("bot/*/**/*.py")]
    named = {words for path in pages for words in button.findall(path.read_text(encoding="utf-8"))}
    assert len(named) > 20
    assert unknown("".join(f"«{words}»" for words in named - of_the_demo)) == []


def test_there_is_a_guide_for_everybody_each_with_pictures() -> None:
    assert [guide.name for guide in GUIDES] == [
        f"guide-{who}.fa.md" for who in ("distributor", "expert", "officer", "staff")
    ]
    for guide in GUIDES:
        assert len(PICTURE.findall(guide.read_text(encoding="utf-8"))) >= 3
        assert guide.with_suffix(".pdf").read_bytes().startswith(b"%PDF")


def test_pictures_are_small_described_and_made_by_a_scene() -> None:
    made = {f"{scene.name}.png" for scene in SCENES} | {"demo.png"}
    assert {path.name for path in PICTURES.iterdir()} == made
    assert sum(path.stat().st_size for path in PICTURES.iterdir()) < 3_000_000
    for path in PICTURES.iterdir():
        with Image.open(path) as picture:
            assert picture.mode == "P"
    shown = {
        name: alt
        for page in (*GUIDES, ROOT / "README.md", ROOT / "README.fa.md")
        for alt, name in re.findall(r"!\[([^\]]*)\]\((?:docs/)?pictures/([\w-]+\.png)\)", page.read_text())
    }
    assert shown.keys() == made
    assert all(shown.values())


def test_the_walks_to_the_pictures_name_what_the_bot_says() -> None:
    """A renamed button is found here, not by whoever makes the pictures next."""
    tree = ast.parse(Path(scenes.__file__).read_text(encoding="utf-8"))
    named = [
        argument.value
        for call in ast.walk(tree)
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Attribute)
        and call.func.attr in ("tap", "sees")
        for argument in call.args
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str)
    ]
    whole = "\n".join(catalogue().values())
    #: Of the demo's data: the first file of a list, the title of a letter, an expert's reason.
    of_data = {"۱. ", "یادآوری", "در نور کافی", ""}
    assert len(named) > 20
    assert [words for words in named if words not in of_data and words not in whole] == []


def test_a_guide_is_a_page_with_its_pictures() -> None:
    page = page_of(GUIDES[0])
    assert page.count("<img ") >= 3
    assert "<h2>" in page
    assert "<table>" in page
