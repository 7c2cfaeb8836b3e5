"""Texts as each messenger reads them: Telegram by parse_mode, Bale always as its own Markdown."""

from __future__ import annotations

import re
from html.parser import HTMLParser

from demo.botapi.errors import broken_rule
from demo.botapi.state import Span

_TAGS = {
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "u": "underline",
    "ins": "underline",
    "s": "strikethrough",
    "strike": "strikethrough",
    "del": "strikethrough",
    "code": "code",
    "pre": "pre",
    "a": "link",
    "blockquote": "blockquote",
    "tg-spoiler": "spoiler",
    "span": "spoiler",
}


def _cannot_parse(why: str) -> Exception:
    return broken_rule(f"can't parse entities: {why}")


class _Html(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.plain = ""
        self.spans: list[Span] = []
        self.open: list[tuple[str, int, str | None]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _TAGS:
            raise _cannot_parse(f'Unsupported start tag "{tag}"')
        self.open.append((tag, len(self.plain), dict(attrs).get("href")))

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open[-1][0] != tag:
            raise _cannot_parse(f'Unmatched end tag "{tag}"')
        _, start, url = self.open.pop()
        self.spans.append(Span(_TAGS[tag], self.plain[start:], url))

    def handle_data(self, data: str) -> None:
        if "<" in data:
            raise _cannot_parse('Unsupported start tag "" at byte offset')
        self.plain += data


def _html(text: str) -> tuple[str, list[Span]]:
    parser = _Html()
    parser.feed(text)
    parser.close()
    if parser.open:
        raise _cannot_parse(f'Can\'t find end tag corresponding to start tag "{parser.open[-1][0]}"')
    return parser.plain, parser.spans


_MARKS = {"*": "bold", "_": "italic", "__": "underline", "~": "strikethrough", "||": "spoiler", "`": "code"}
_MARKDOWN = re.compile(r"\\([\x01-\x7e])|(__|\|\||[*_~`])|\[([^\]]*)\]\(([^)]*)\)|(.)", re.DOTALL)


def _markdown_v2(text: str) -> tuple[str, list[Span]]:
    plain = ""
    spans: list[Span] = []
    marks: list[tuple[str, int]] = []
    for escaped, mark, label, url, other in _MARKDOWN.findall(text):
        if mark:
            if marks and marks[-1][0] == mark:
                _, start = marks.pop()
                spans.append(Span(_MARKS[mark], plain[start:]))
            else:
                marks.append((mark, len(plain)))
        elif url:
            spans.append(Span("link", label, url))
            plain += label
        elif other and other in "[]()>#+-=|{}.!":
            raise _cannot_parse(
                f"Character '{other}' is reserved and must be escaped with the preceding '\\'"
            )
        else:
            plain += escaped or other
    if marks:
        raise _cannot_parse(f"Can't find end of {_MARKS[marks[-1][0]].title()} entity")
    return plain, spans


def telegram(text: str, parse_mode: str | None) -> tuple[str, list[Span]]:
    """The plain text and its marked pieces. Raises ApiError «can't parse entities»."""
    if not parse_mode:
        return text, []
    if parse_mode.lower() == "html":
        return _html(text)
    if parse_mode.lower() in ("markdownv2", "markdown"):
        return _markdown_v2(text)
    raise broken_rule("unsupported parse_mode")


#: A mark counts at a line's or word's edge: space (or edge) before the first and after the last
#: (docs/messengers.md 5).
_BALE = re.compile(
    r"```\[(?P<title>[^\]\n]*)\](?P<body>.*?)```"
    r"|\[(?P<label>[^\]\n]+)\]\((?P<url>[^)\s]+)\)"
    r"|(?<!\S)\*(?P<bold>[^*\n]+)\*(?!\S)"
    r"|(?<!\S)_(?P<italic>[^_\n]+)_(?!\S)",
    re.DOTALL,
)


def bale(text: str) -> tuple[str, list[Span]]:
    """What people see of a text on Bale, and which pieces turned into markup, wanted or not."""
    spans: list[Span] = []

    def shown(match: re.Match[str]) -> str:
        if match["bold"] is not None:
            spans.append(Span("bold", match["bold"]))
        elif match["italic"] is not None:
            spans.append(Span("italic", match["italic"]))
        elif match["label"] is not None:
            spans.append(Span("link", match["label"], match["url"]))
        else:
            spans.append(Span("note", match["title"]))
        return spans[-1].text

    return _BALE.sub(shown, text), spans
