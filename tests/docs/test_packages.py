"""Every package of the product says in its first line what it is for."""

import ast
from pathlib import Path

from tests.docs.references import ROOT

PRODUCT = ("bot", "conversations", "handlers", "storage", "demo")


def unexplained(root: Path) -> list[str]:
    """Packages below `root` without a docstring, and those whose docstring has no first sentence."""
    found = []
    for file in (file for top in PRODUCT for file in sorted((root / top).rglob("__init__.py"))):
        says = ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) or ""
        if not says.split("\n")[0].endswith((".", ":")):
            found.append(file.relative_to(root).as_posix())
    return found


def test_every_package_says_what_it_is_for() -> None:
    assert unexplained(ROOT) == []


def test_a_package_that_says_nothing_is_found(tmp_path: Path) -> None:
    for name, text in {
        "core": "",
        "rules": "import ast\n",
        "jobs": '"""Jobs."""\n',
        "web": '"""\n"""\n',
    }.items():
        (tmp_path / "bot" / name).mkdir(parents=True)
        (tmp_path / "bot" / name / "__init__.py").write_text(text, encoding="utf-8")
    assert unexplained(tmp_path) == ["bot/core/__init__.py", "bot/rules/__init__.py", "bot/web/__init__.py"]
