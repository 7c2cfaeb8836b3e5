"""Every reference in code, tests, texts and pages leads somewhere, and none leads out of the repository."""

import pytest

from tests.docs.references import ROOT, Repository, problems, tree_problems

SPECIFICATION = """# Specification

- **R12** One registration for a national code.

| N5 | deficiencies declared | officer |
| **Q27** | Migrated officers | active as they are |
| **J5b** | The messenger limits the rate |
| **W7** | https://example.org | a pattern |

## 2. Workflow

See section 2.1.

### 2.1 Account

## 10. Lessons

### 10.1 Albums arrive as separate messages
"""

TEXTS = {
    "bot.py": "def main() -> None: ...\n",
    "bot/__init__.py": "",
    "bot/rules/__init__.py": "",
    "bot/rules/account.py": "LIMIT = 5\n\n\nclass Account:\n    def open(self) -> None: ...\n",
    "docs/specification.md": SPECIFICATION,
    "docs/operations.md": "# Operations\n\n## The web server in front\n",
    "README.md": "# The bot\n",
    "tests/bot/test_account.py": "def test_limits() -> None: ...\n",
}
REPOSITORY = Repository(frozenset(TEXTS), TEXTS)


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        # pages, their sections and headings
        ("bot/x.py", "# see docs/manual.md", "docs/manual.md does not exist"),
        ("bot/x.py", "# (docs/specification.md 2.2)", "docs/specification.md has no section 2.2"),
        ("bot/x.py", "# (docs/specification.md 2.1, 2.9)", "docs/specification.md has no section 2.9"),
        ("bot/x.py", "# (docs/specification.md 2.1–2.4)", "docs/specification.md has no section 2.4"),
        ("bot/x.py", "# (docs/specification.md 1)", "docs/specification.md has no section 1"),
        ("bot/x.py", "# (docs/specification.md\n#: 3)", "docs/specification.md has no section 3"),
        ("bot/x.py", "# docs/operations.md 1", "docs/operations.md has no section 1"),
        ("bot/x.py", '# docs/operations.md, "Backup"', 'docs/operations.md has no heading "Backup"'),
        (
            "bot/x.py",
            '# docs/specification.md 2, "Letters"',
            'docs/specification.md has no heading "Letters"',
        ),
        ("docs/specification.md", "As section 4 says", "this page has no section 4"),
        # requirements, notifications, decisions, journeys, public pages
        ("bot/x.py", '"""Free again (R13)."""', "R13 is not defined"),
        ("bot/x.py", "# R12–R14", "R14 is not defined"),
        ("tests/x.py", "# N6 reaches the officer", "N6 is not defined"),
        ("docs/x.md", "decided in Q28.", "Q28 is not defined"),
        ("bot/texts/fa/x.toml", "# J5", "J5 is not defined"),
        ("bot/x.py", "# (W8)", "W8 is not defined"),
        # links and paths
        ("docs/x.md", "[manual](manual.md)", "the link to manual.md leads nowhere"),
        ("docs/x.md", "[out](../../elsewhere.md)", "the link to ../../elsewhere.md leads nowhere"),
        ("README.md", "[run it](docs/operations.md#backup)", "docs/operations.md has no heading #backup"),
        ("docs/x.md", "# A page\n[below](#another)", "docs/x.md has no heading #another"),
        ("docs/x.md", "`bot/law/account.py`", "bot/law/account.py does not exist"),
        ("bot/x.py", "# as bot/law/account.py has it", "bot/law/account.py does not exist"),
        ("docs/x.md", "`tests/test_account.py`", "tests/test_account.py does not exist"),
        ("docs/x.md", "`tests/bot/test_account.py::test_ages`", "tests/bot/test_account.py has no test_ages"),
        ("docs/x.md", "`bot/law/`", "bot/law/ does not exist"),
        ("docs/x.md", "`accounts.py`", "no file is called accounts.py"),
        ("docs/x.md", "`test_ages` shows it", "no test is called test_ages"),
        ("bot/x.py", "# `bot.law.account`", "bot.law.account does not exist"),
        ("bot/x.py", "# `bot.rules.account.LIMITS`", "bot.rules.account.LIMITS does not exist"),
        ("bot/x.py", "# see `Rule.ask`", "nothing in the code is called Rule.ask"),
        ("docs/x.md", "`Account.close` ends it", "nothing in the code is called Account.close"),
        (
            "docs/x.md",
            "```python\nfrom bot.rules.account import LIMIT, AGE\n```",
            "bot.rules.account has no AGE",
        ),
        ("docs/x.md", "```python\nfrom bot.law import account\n```", "bot.law has no account"),
        ("docs/x.md", "return `Again(notice)`", "nothing in the code is called Again"),
        # outside the repository
        ("bot/x.py", "# (SPEC 2.1)", "SPEC is not a document of this repository"),
        ("docs/x.md", "HOTPATH says so", "HOTPATH is not a document of this repository"),
        ("bot/texts/fa/x.toml", "# LESSONS.md, B17", "LESSONS is not a document of this repository"),
        ("Makefile", "# DESIGN 5", "DESIGN is not a document of this repository"),
        ("bot/x.py", "# MESSENGERS 2, GATEWAYS 1", "MESSENGERS is not a document of this repository"),
        ("docs/x.md", "see ../shared/notes.md", "../shared is a path of one machine"),
        ("tests/x.py", 'FILE = "/home/ali/bot.db"', "/home/ali is a path of one machine"),
        ("Makefile", "cp /home/maria/x .", "/home/maria is a path of one machine"),
        ("deploy/x.yaml", "path: /tmp/team", "/tmp/team is a path of one machine"),
    ],
)
def test_a_reference_that_leads_nowhere_is_found(path: str, text: str, expected: str) -> None:
    found = problems(path, text, REPOSITORY)
    assert any(expected in problem for problem in found), found
    assert all(problem.startswith(f"{path}:") for problem in found)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (
            "bot/x.py",
            "# (R12, docs/specification.md 2, 2.1, N5) and docs/specification.md 10.1; Q27, J5b, W7",
        ),
        ("bot/x.py", '# docs/operations.md, "The web server" and docs/specification.md 2.1, "Account"'),
        ("bot/x.py", "# (docs/specification.md\n#: 2.1)"),
        ("docs/specification.md", "as sections 2 and 10.1 say; section 2.1."),
        ("docs/operations.md", "section 4 of a contract"),  # a page without numbers
        (
            "docs/x.md",
            "[spec](specification.md#21-account), [top](../README.md), [bot](https://example.org/x.md)",
        ),
        (
            "docs/x.md",
            "`bot/rules/account.py`, `bot/rules/`, `bot.py`, `account.py`, `tests/bot/test_account.py`",
        ),
        ("docs/x.md", "`tests/bot/test_account.py::test_limits`, `test_limits`, `bot.rules.account.LIMIT`"),
        ("docs/x.md", "`Account`, `Account.open`, `Account(…)`; `AsyncSession` is SQLAlchemy's"),
        ("docs/x.md", "```python\nfrom bot.rules import account\nfrom bot.rules.account import LIMIT\n```"),
        ("docs/messengers.md", "`provider_token`, `WebApp`"),
        ("docs/x.md", "`[text](url)` is Markdown"),
        # false friends: type variables, rule codes, colours, time zones, constants, addresses, the web's paths
        ("bot/x.py", "x = 1  # noqa: N818, W605\nN = TypeVar('N')\nRGB = '#W1'\nzone = b'J263/24'"),
        ("demo/x.py", 'MESSENGERS = ("a",)\nname = MESSENGERS[0]'),
        ("bot/x.py", 'url = f"{base}/home/page"\nother = "https://example.org/work/x"'),
        ("pyproject.toml", 'ignore = ["N80"]'),
    ],
)
def test_a_reference_that_leads_somewhere_is_left_alone(path: str, text: str) -> None:
    assert problems(path, text, REPOSITORY) == []


def test_the_line_is_that_of_the_reference() -> None:
    assert problems("bot/x.py", "# one\n\n# two\n# R13 and\n# docs/manual.md\n", REPOSITORY) == [
        "bot/x.py:4: R13 is not defined in docs/specification.md",
        "bot/x.py:5: docs/manual.md does not exist",
    ]


def test_every_reference_in_the_repository_leads_somewhere() -> None:
    assert tree_problems() == []


def test_the_specification_defines_what_it_promises() -> None:
    """A pattern of definitions that matches too much would let every id pass."""
    ids = Repository.of(ROOT).ids
    assert {f"R{n}" for n in range(1, 54)} <= ids
    assert {f"N{n}" for n in range(1, 25)} <= ids
    assert {f"Q{n}" for n in range(1, 49)} <= ids
    assert not ids & {"R99", "N99", "Q99"}
