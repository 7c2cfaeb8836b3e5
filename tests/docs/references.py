"""Finds references that lead nowhere: to pages, sections, requirements, files, tests and modules.

`Repository` is what may be referred to; `problems(path, text, repository)` reads one file. What is checked:

- `docs/<page>.md`, alone, with section numbers or with a quoted heading; "section 2.1" within a page;
- the ids of docs/specification.md (R12, N5, Q27, J3, W7);
- markdown links with their anchors, paths below the packages, `file.py::test`, file names in back-quotes;
- dotted modules, classes with their members, and `test_…` functions in back-quotes;
- names of documents that are not part of the repository, and paths of one machine.
"""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path, PurePosixPath

ROOT = Path(__file__).resolve().parents[2]
#: Read as text; everything else (images, lock files) cites nothing.
SUFFIXES = {
    "",
    *[".py", ".md", ".toml", ".yaml", ".yml", ".conf", ".service", ".html", ".js", ".css", ".sh", ".example"],
}
#: Full of references that lead nowhere, on purpose.
UNREAD = {"tests/docs/test_references.py", "tests/docs/references.py", "LICENSE"}

TOP = "bot|conversations|handlers|storage|demo|tests|docs|deploy"
ENDINGS = "py|md|toml|yaml|yml|json|csv|sh|conf|example|html|service|ini|mako|db"
#: Where a long line was folded: the break, and the marks of a comment before the next words.
FOLD = re.compile(r"[ \t]*\n[ \t]*(?:#:?[ \t]*|//[ \t]*|\*[ \t]+)?")

NUMBER = r"\d{1,2}(?:\.\d{1,2})*"
PAGE = re.compile(
    rf"(?<![\w/.-])docs/(?P<page>[\w-]+)\.md"
    rf"(?P<sections> {NUMBER}\b(?:(?:, | and |; |–){NUMBER}\b)*)?"
    r"(?:,? \"(?P<heading>[^\"\n]{1,80})\")?"
)
SECTION = re.compile(rf"\b[Ss]ections? (?P<number>{NUMBER})\b")
ID = re.compile(r"(?<![\w%#&/.-])[RQNJW]\d{1,2}b?\b(?!/)")
DEFINED = re.compile(r"^(?:- \*\*|\| \**)([RQNJW]\d{1,2}b?)\*{0,2}(?= )", re.MULTILINE)
LINK = re.compile(r"(?<![!`])\[[^\]\n]*\]\((?P<target>[^)\s]+)\)")
PATH = re.compile(rf"(?<![\w/.:@-])(?P<path>(?:{TOP})/[\w./-]*\.(?:{ENDINGS}))\b(?:::(?P<test>\w+))?")
FOLDER = re.compile(rf"`(?P<path>(?:{TOP})/[\w/-]*)`")
FILE = re.compile(r"`(?P<name>[\w-]+\.(?:py|md|toml))`")
MODULE = re.compile(rf"`(?P<module>(?:{TOP})(?:\.\w+)+)(?:\(\))?`")
#: In an example of code.
IMPORT = re.compile(rf"\bfrom (?P<module>(?:{TOP})(?:\.\w+)*) import (?P<names>\w+(?:, \w+)*)")
TEST = re.compile(r"`(?P<test>test_\w+)`")
CLASS = re.compile(r"`(?P<name>[A-Z]\w*[a-z]\w*(?:\.\w+)*)(?=`|\()")
#: Classes of libraries that no code of ours uses, and pages about fields of other people's protocols.
OF_LIBRARIES = {"AsyncSession", "BaseUpdateProcessor"}
OF_PROTOCOLS = {"docs/gateways.md", "docs/messengers.md"}
FOREIGN = re.compile(r"\b(?:SPEC|DESIGN|HOTPATH|LESSONS|MESSENGERS|GATEWAYS)\b(?!\s*=|\[)")
MACHINE = re.compile(r"\.\./shared\b|(?<![\w/.}>-])/(?:work|home|root|Users|tmp)/[\w.-]+")


@dataclass
class Repository:
    """What references may lead to. `files` are paths from the root; `read` gives the text of one."""

    files: frozenset[str]
    texts: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, root: Path) -> Repository:
        """The files that git knows, or would take; in a copy without git, the folders of the source tree."""
        asked = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        listed = subprocess.run(asked, cwd=root, capture_output=True, check=False, text=True)
        if listed.returncode == 0:
            names = listed.stdout.split("\0")
        else:
            under = [*root.glob("*"), *(file for top in TOP.split("|") for file in (root / top).rglob("*"))]
            names = [file.relative_to(root).as_posix() for file in under]
        files = frozenset(name for name in names if name and (root / name).is_file())
        return cls(
            files, {name: _text(root / name) for name in files if PurePosixPath(name).suffix in SUFFIXES}
        )

    @cached_property
    def folders(self) -> frozenset[str]:
        return frozenset(str(parent) for name in self.files for parent in PurePosixPath(name).parents)

    @cached_property
    def names(self) -> frozenset[str]:
        return frozenset(PurePosixPath(name).name for name in self.files)

    @cached_property
    def ids(self) -> frozenset[str]:
        return frozenset(DEFINED.findall(self.texts.get("docs/specification.md", "")))

    @cached_property
    def tests(self) -> frozenset[str]:
        texts = (text for name, text in self.texts.items() if name.startswith("tests/"))
        return frozenset(
            test for text in texts for test in re.findall(r"^\s*(?:async )?def (test_\w+)", text, re.M)
        )

    @cached_property
    def identifiers(self) -> frozenset[str]:
        """Every name in the code: defined, imported or used."""
        found: set[str] = set()
        for name, text in self.texts.items():
            if name.endswith(".py") and not name.startswith("tests/docs/"):
                for node in ast.walk(ast.parse(text)):
                    found.update(
                        getattr(node, kind) for kind in ("name", "id", "attr", "arg") if hasattr(node, kind)
                    )
        return frozenset(found)

    def headings(self, page: str) -> list[str]:
        """The headings of a page, without the marks."""
        return re.findall(r"^#+ +(.+?) *$", self.texts.get(page, ""), re.MULTILINE)

    def exists(self, path: str) -> bool:
        return path in self.files or path.rstrip("/") in self.folders

    def has_module(self, dotted: str) -> bool:
        """Whether a module is there, and holds the name that may stand behind it."""
        parts = dotted.split(".")
        for cut in range(len(parts), 0, -1):
            base = "/".join(parts[:cut])
            for name in (f"{base}.py", f"{base}/__init__.py"):
                if name in self.files and (cut > 1 or name.endswith("__init__.py")):
                    rest = parts[cut:]
                    return not rest or re.search(rf"\b{rest[0]}\b", self.texts.get(name, "")) is not None
            if base in self.folders:
                return cut == len(parts)
        return False


def tree_problems(root: Path = ROOT) -> list[str]:
    """Every reference in the repository at `root` that leads nowhere, as "file:line: what"."""
    repository = Repository.of(root)
    found: list[str] = []
    for name, text in sorted(repository.texts.items()):
        if name not in UNREAD:
            found += problems(name, text, repository)
    return found


def problems(path: str, text: str, repository: Repository) -> list[str]:
    """The references in one file that lead nowhere, as "file:line: what"."""
    folded, lines = _fold(text)
    found = [(lines[at], what) for at, what in _everywhere(path, folded, repository)]
    if path.endswith(".md"):
        found += [(lines[at], what) for at, what in _in_page(path, folded, text, repository)]
    return [f"{path}:{line}: {what}" for line, what in sorted(set(found))]


def _everywhere(path: str, text: str, repository: Repository) -> Iterator[tuple[int, str]]:
    for m in PAGE.finditer(text):
        yield from ((m.start(), what) for what in _page(m, repository))
    for pattern, problem_of in KINDS.items():
        for m in pattern.finditer(text):
            if (what := problem_of(m, repository, path)) is not None:
                yield m.start(), what


def _id(m: re.Match[str], repository: Repository, path: str) -> str | None:
    # The rule codes of pyproject.toml look alike.
    wrong = path != "pyproject.toml" and m[0] not in repository.ids
    return f"{m[0]} is not defined in docs/specification.md" if wrong else None


def _path(m: re.Match[str], repository: Repository, path: str) -> str | None:
    if not repository.exists(m["path"]):
        return f"{m['path']} does not exist"
    test = m.groupdict().get("test")
    if test and not re.search(rf"\bdef {test}\b", repository.texts.get(m["path"], "")):
        return f"{m['path']} has no {test}"
    return None


def _file(m: re.Match[str], repository: Repository, path: str) -> str | None:
    return None if m["name"] in repository.names else f"no file is called {m['name']}"


def _module(m: re.Match[str], repository: Repository, path: str) -> str | None:
    is_file_name = m["module"].rpartition(".")[2] in ENDINGS.split("|")
    return None if is_file_name or repository.has_module(m["module"]) else f"{m['module']} does not exist"


def _test(m: re.Match[str], repository: Repository, path: str) -> str | None:
    known = m["test"] in repository.tests or f"{m['test']}.py" in repository.names
    return None if known else f"no test is called {m['test']}"


def _class(m: re.Match[str], repository: Repository, path: str) -> str | None:
    unknown = set(m["name"].split(".")) - repository.identifiers - OF_LIBRARIES
    return f"nothing in the code is called {m['name']}" if unknown and path not in OF_PROTOCOLS else None


def _foreign(m: re.Match[str], repository: Repository, path: str) -> str | None:
    return f"{m[0]} is not a document of this repository"


def _machine(m: re.Match[str], repository: Repository, path: str) -> str | None:
    return f"{m[0]} is a path of one machine"


#: A kind of reference → what is wrong with one that was found, or None.
KINDS: dict[re.Pattern[str], Callable[[re.Match[str], Repository, str], str | None]] = {
    ID: _id,
    PATH: _path,
    FOLDER: _path,
    FILE: _file,
    MODULE: _module,
    TEST: _test,
    CLASS: _class,
    FOREIGN: _foreign,
    MACHINE: _machine,
}


def _page(m: re.Match[str], repository: Repository) -> Iterator[str]:
    page = f"docs/{m['page']}.md"
    if page not in repository.files:
        return  # said of the path
    headings = repository.headings(page)
    for number in re.findall(NUMBER, m["sections"] or ""):
        if not any(_numbered(heading, number) for heading in headings):
            yield f"{page} has no section {number}"
    if m["heading"] and not any(_named(heading, m["heading"]) for heading in headings):
        yield f'{page} has no heading "{m["heading"]}"'


def _in_page(path: str, folded: str, text: str, repository: Repository) -> Iterator[tuple[int, str]]:
    headings = repository.headings(path) or re.findall(r"^#+ +(.+?) *$", text, re.MULTILINE)
    if any(re.match(r"\d", heading) for heading in headings):
        for m in SECTION.finditer(folded):
            if not any(_numbered(heading, m["number"]) for heading in headings):
                yield m.start(), f"this page has no section {m['number']}"
    for m in IMPORT.finditer(folded):
        for name in m["names"].split(", "):
            if not repository.has_module(f"{m['module']}.{name}"):
                yield m.start(), f"{m['module']} has no {name}"
    for m in LINK.finditer(folded):
        target, _, anchor = m["target"].partition("#")
        if re.match(r"[a-z]+:", target):
            continue
        there = _join(path, target) if target else path
        if there is None or not (there == path or repository.exists(there)):
            yield m.start(), f"the link to {target} leads nowhere"
        elif anchor:
            known = headings if there == path else repository.headings(there)
            if anchor not in {_slug(heading) for heading in known}:
                yield m.start(), f"{there} has no heading #{anchor}"


def _numbered(heading: str, number: str) -> bool:
    return re.match(rf"{re.escape(number)}\.?(?![\d.]*\d)", heading) is not None


def _named(heading: str, words: str) -> bool:
    return re.sub(rf"^{NUMBER}\.? ", "", heading).lower().startswith(words.lower())


def _slug(heading: str) -> str:
    """The anchor that GitHub makes of a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def _join(path: str, target: str) -> str | None:
    """`target` as seen from the file `path`; None where it leaves the repository."""
    parts = list(PurePosixPath(path).parent.parts)
    for part in PurePosixPath(target).parts:
        if part == "..":
            if not parts:
                return None
            parts.pop()
        elif part != ".":
            parts.append(part)
    return "/".join(parts) or "."


def _fold(text: str) -> tuple[str, list[int]]:
    """The text with each line break and its indentation as one space, and the line number of each character."""
    pieces: list[str] = []
    lines: list[int] = []
    line, last = 1, 0
    for m in FOLD.finditer(text):
        part = text[last : m.start()]
        pieces += [part, " "]
        lines += [line] * (len(part) + 1)
        line, last = line + 1, m.end()
    pieces.append(text[last:])
    lines += [line] * (len(text) - last)
    return "".join(pieces), lines


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return ""
