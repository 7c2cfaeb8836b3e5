"""The screens as plain HTML: an index and one page a dialogue, right to left, without scripts and without a
network."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from html import escape
from pathlib import Path

from bot.texts import t
from bot.texts.formats import digits
from conversations.engine.declaration import Dialogue
from conversations.engine.rendering import StepButton
from conversations.preview.sample_rows import sample_turn
from conversations.preview.screens import FINISH, PreviewNode, preview_nodes
from storage.migrations.seed import seeded_in_memory

#: Answers that are named beside an arrow; the others are counted.
NAMED = 4
STYLE = """
body { font: 16px/1.7 Vazirmatn, "Noto Naskh Arabic", Tahoma, sans-serif; margin: 2rem auto; max-width: 60rem;
       padding: 0 1rem; background: #eef1f4; color: #1c2833; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.1rem; margin: 0 0 .6rem; }
code { direction: ltr; unicode-bidi: isolate; background: #dfe6ec; border-radius: 4px; padding: 0 .35em; font-size: .85em; }
section { background: #fff; border: 1px solid #d5dce2; border-radius: 10px; padding: 1rem 1.2rem; margin: 1.2rem 0; }
section:target { border-color: #2471a3; box-shadow: 0 0 0 2px #2471a3; }
.bubble { background: #e8f4fd; border-radius: 10px; padding: .7rem 1rem; white-space: pre-wrap; overflow-wrap: anywhere;
          max-width: 34rem; }
.row { display: flex; gap: .4rem; max-width: 36rem; margin-top: .4rem; }
.row span { flex: 1; text-align: center; border: 1px solid #aebdca; border-radius: 8px; padding: .2rem .4rem;
            background: #f8fafb; }
.error { color: #922b21; } .note { color: #5d6d7e; font-size: .85em; font-weight: normal; }
.to { white-space: nowrap; } ul { padding-inline-start: 1.2rem; } a { color: #1f618d; }
"""
#: Of a place: attributes that are told beside its title.
TRAITS = ("optional", "conditional", "hidden")


def write_pages(folder: Path, dialogues: Sequence[Dialogue], now: datetime) -> list[Path]:
    """Write `index.html` and `<name>.html` of each dialogue into `folder`, which is made where it is missing;
    return the files. The questions' rows come from a database in memory with the reference data and made-up
    people."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    with seeded_in_memory() as db:
        for dialogue in dialogues:
            page = dialogue_page(dialogue, preview_nodes(sample_turn(db, dialogue, now), dialogue))
            path = folder / f"{dialogue.name}.html"
            path.write_text(page, encoding="utf-8")
            written.append(path)
    index = folder / "index.html"
    index.write_text(index_page(dialogues), encoding="utf-8")
    return [index, *written]


def index_page(dialogues: Iterable[Dialogue]) -> str:
    rows = []
    for dialogue in dialogues:
        name = escape(dialogue.name)
        rows.append(f'<li><a href="{name}.html"><code>{name}</code></a> — {escape(_roles(dialogue))}</li>')
    return _page(t("preview.title"), f"<ul>{''.join(rows)}</ul>")


def dialogue_page(dialogue: Dialogue, nodes_by_key: Sequence[PreviewNode]) -> str:
    titles = {node.key: node.title for node in nodes_by_key} | {FINISH: t("preview.finish")}
    traits = [_roles(dialogue)]
    if dialogue.keeps_draft:
        traits.append(t("preview.kept", days=digits(dialogue.days_kept)))
    body = [
        f'<p><a href="index.html">{t("preview.all")}</a></p>',
        f'<p class="note">{escape("؛ ".join(traits))}</p>',
        *(_section(node, titles) for node in nodes_by_key),
    ]
    return _page(t("preview.dialogue", name=dialogue.name), "\n".join(body))


def _section(node: PreviewNode, titles: dict[str, str]) -> str:
    notes = [t(f"preview.{name}") for name in TRAITS if getattr(node, name)]
    note = f' <span class="note">({escape("، ".join(notes))})</span>' if notes else ""
    parts = [
        f'<section id="{escape(node.key)}">',
        f"<h2>{escape(node.title)} <code>{escape(node.key)}</code>{note}</h2>",
        f'<div class="bubble">{escape(node.rendered.text)}</div>',
    ]
    if node.rendered.ask_contact:
        parts.append(f'<div class="row"><span>📱 {escape(node.rendered.ask_contact)}</span></div>')
    parts += [_buttons(row) for row in node.rendered.rows]
    if node.error:
        parts.append(f'<p class="error">{t("preview.wrong")} {escape(node.error)}</p>')
    if node.arrows:
        lines = (_arrow(target, labels, titles) for target, labels in node.arrows.items())
        parts.append(f"<ul>{''.join(lines)}</ul>")
    return "\n".join([*parts, "</section>"])


def _buttons(row: Sequence[StepButton]) -> str:
    return '<div class="row">' + "".join(f"<span>{escape(button.label)}</span>" for button in row) + "</div>"


def _arrow(target: str, labels: Sequence[str], titles: dict[str, str]) -> str:
    named = "، ".join(f"«{label}»" for label in labels[:NAMED])
    if len(labels) > NAMED:
        named += " " + t("preview.more", n=digits(len(labels) - NAMED))
    title = escape(titles.get(target, target))
    to = title if target == FINISH else f'<a href="#{escape(target)}">{title}</a>'
    return f'<li>{escape(named)} <span class="to">← {to}</span></li>'


def _roles(dialogue: Dialogue) -> str:
    roles = sorted(t("preview.guest") if role is None else t(f"role.{role}") for role in dialogue.roles)
    return t("preview.for", roles="، ".join(roles) or t("preview.nobody"))


def _page(title: str, body: str) -> str:
    return (
        '<!doctype html>\n<html lang="fa" dir="rtl">\n<head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{STYLE}</style></head>\n"
        f"<body><h1>{escape(title)}</h1>\n{body}\n</body>\n</html>\n"
    )
