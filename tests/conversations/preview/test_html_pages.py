"""The pages of `bot.py dialogues`: every dialogue, every step, safe to open."""

import os
import subprocess
import sys
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sqlmodel import Session

from bot.core.context import Turn
from bot.core.screens import Reply
from bot.texts import t
from conversations.catalogue import ALL
from conversations.engine.declaration import Dialogue, Step
from conversations.engine.steps import SECOND_QUESTION, SUMMARY
from conversations.preview import routes
from conversations.preview.html_pages import dialogue_page, write_pages
from conversations.preview.sample_rows import sample_turn
from conversations.preview.screens import FINISH, PreviewNode, preview_nodes
from conversations.questions import Choice, Text
from tests.support.chat_driver import NOW

VOID = {"meta", "link", "br"}


class Page(HTMLParser):
    """Ids, links and text; fails where tags do not nest."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.tags: set[str] = set()
        self.open: list[str] = []
        self.text = ""
        self.feed(path.read_text(encoding="utf-8"))
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        for name, value in attrs:
            if name == "id":
                self.ids.append(value or "")
            if name in ("href", "src"):
                self.links.append(value or "")
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the command writes, run with no setting at all: it needs neither a token nor a database."""
    work = tmp_path_factory.mktemp("preview")
    root = Path(__file__).parents[3]
    clean = {"PATH": os.environ["PATH"], "PYTHONPATH": str(root), "HOME": str(work)}
    done = subprocess.run(
        [sys.executable, str(root / "bot.py"), "dialogues", "--html", "pages/all"],
        cwd=work,
        env=clean,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert f"{len(ALL)} dialogues" in done.stdout
    assert {path.name for path in work.iterdir()} == {"pages"}, "it leaves nothing else behind"
    return work / "pages" / "all"


def test_every_dialogue_has_its_page_and_a_line_of_the_index(folder: Path) -> None:
    index = Page(folder / "index.html")
    assert index.links == [f"{dialogue.name}.html" for dialogue in ALL]
    assert {path.name for path in folder.iterdir()} == {*index.links, "index.html"}


@pytest.mark.parametrize("dialogue", ALL, ids=[one.name for one in ALL])
def test_the_page_of(dialogue: Dialogue, folder: Path, db: Session) -> None:
    page = Page(folder / f"{dialogue.name}.html")
    places = preview_nodes(sample_turn(db, dialogue, NOW), dialogue)
    keys = [place.key for place in places]
    assert page.ids == keys
    if not callable(dialogue.steps):
        assert {step.key for step in dialogue.steps} <= set(keys)
    assert (SUMMARY in keys) == bool(dialogue.summary)
    assert (SECOND_QUESTION in keys) == bool(dialogue.second_question)
    for place in places:
        assert place.rendered.text
        assert place.arrows or place.key == "@discard", f"nothing leads on from {place.key}"
    inner = {link[1:] for link in page.links if link.startswith("#")}
    assert inner <= set(keys)
    assert {link for link in page.links if not link.startswith("#")} == {"index.html"}
    assert not page.tags & {"script", "img", "iframe", "link"}
    assert 'lang="fa" dir="rtl"' in (folder / f"{dialogue.name}.html").read_text(encoding="utf-8")


def test_a_step_that_only_some_answers_open_is_marked_and_each_answer_leads_to_its_step(db: Session) -> None:
    steps = (
        Step("gender", Choice((("female", "زن"), ("male", "مرد")))),
        Step(
            "card", Text(2, 500), when=lambda turn, a: a.get("gender") == "male", prompt="کارت؟", label="کارت"
        ),
    )
    gender, card, second = preview_nodes(*_turn_and(db, steps, second_question="submit.confirm"))
    assert gender.arrows == {"card": ["مرد"], SECOND_QUESTION: ["زن"]}
    assert (gender.conditional, card.conditional) == (False, True)
    assert card.error
    assert second.arrows == {"@finish": [t("nav.yes")], "card": [t("nav.no")]}


def test_whatever_a_text_holds_is_shown_and_not_interpreted(db: Session) -> None:
    evil = '</div><script>alert("1")</script>&amp;'
    step = Step("x", Text(1, 500), prompt=evil, label=evil)
    turn, dialogue = _turn_and(db, (step,), summary="review.summary")
    page = dialogue_page(dialogue, preview_nodes(turn, dialogue))
    assert "<script" not in page
    assert evil in unescape(page)


def _turn_and(db: Session, steps: tuple[Step, ...], **values: Any) -> tuple[Turn, Dialogue]:
    dialogue = Dialogue("form", steps, lambda turn, answers: Reply(), **values)
    return sample_turn(db, dialogue, NOW), dialogue


def test_pages_are_written_into_a_folder_of_any_depth(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b"
    shown = [dialogue for dialogue in ALL if dialogue.name in ("login", "mobile")]
    assert len(shown) == 2
    for _ in range(2):
        written = write_pages(folder, shown, NOW)
    assert [path.name for path in written] == ["index.html", *(f"{one.name}.html" for one in shown)]
    assert sorted(folder.iterdir()) == sorted(written)
    index = written[0].read_text(encoding="utf-8")
    for dialogue in shown:
        roles = "، ".join(
            sorted(t("preview.guest") if role is None else t(f"role.{role}") for role in dialogue.roles)
        )
        name = dialogue.name
        assert f'<a href="{name}.html"><code>{name}</code></a> — {t("preview.for", roles=roles)}' in index


def place(key: str, **values: Any) -> PreviewNode:
    rendered: Any = SimpleNamespace(text=f"متن {key}", rows=(), ask_contact=values.pop("ask_contact", None))
    return PreviewNode(key, f"عنوان {key}", rendered, **values)


def test_a_page_names_what_a_place_is_and_where_each_answer_leads() -> None:
    """Four answers are named, the others counted; a place with a contact button shows it."""
    nodes = [
        place("a", optional=True, conditional=True, arrows={"b": list("۱۲۳۴"), FINISH: list("۱۲۳۴۵۶")}),
        place("b", hidden=True, error="نادرست", ask_contact="شماره من"),
    ]
    kept = Dialogue("form", (), lambda turn, answers: Reply(), keeps_draft=True, days_kept=30)
    page = dialogue_page(kept, nodes)
    four = "«۱»، «۲»، «۳»، «۴»"
    for line in (
        f'<h2>عنوان a <code>a</code> <span class="note">({t("preview.optional")}، {t("preview.conditional")})</span></h2>',
        f'<li>{four} <span class="to">← <a href="#b">عنوان b</a></span></li>',
        f'<li>{four} {t("preview.more", n="۲")} <span class="to">← {t("preview.finish")}</span></li>',
        f'<h2>عنوان b <code>b</code> <span class="note">({t("preview.hidden")})</span></h2>',
        f'<p class="error">{t("preview.wrong")} نادرست</p>',
        '<div class="row"><span>📱 شماره من</span></div>',
        f"{t('preview.for', roles=t('preview.nobody'))}؛ {t('preview.kept', days='۳۰')}",
    ):
        assert line in page
    assert page.count('class="error"') == page.count("📱") == page.count("<ul>") == 1
    plain = Dialogue("form", (), lambda turn, answers: Reply())
    assert t("preview.kept", days="۳۰") not in dialogue_page(plain, nodes)
    assert '<span class="note">(' not in dialogue_page(plain, [place("a")])


def test_a_dialogue_without_an_end_is_named(db: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    def one_more(turn: Turn, answers: dict[str, Any]) -> list[Step]:
        return [Step(f"s{n}", Text(1, 500), prompt="؟", label="؟") for n in range(len(answers) + 1)]

    monkeypatch.setattr(routes, "MOST_ROUTES", 5)
    endless = Dialogue("endless", one_more, lambda turn, answers: Reply())
    with pytest.raises(ValueError, match="dialogue 'endless' has no end"):
        list(routes.walk(sample_turn(db, endless, NOW), endless, {}))
