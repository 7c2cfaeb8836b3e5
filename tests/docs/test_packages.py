"""Every package of the product says in its first line what it is for."""

import ast
from pathlib import Path

from tests.docs.packages import read
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


#: More than ten modules, each with the reason.
LARGE = {
    "bot.cli": "one module a subject of commands",
    "bot.documents": "one module a step of an upload, and the stores",
    "bot.services.cooperation": "requests, contracts and terminations share one case",
}


def test_no_two_packages_import_each_other() -> None:
    tree = read(ROOT)
    assert {
        pair: tree.imports[pair[0]][pair[1]] + tree.imports[pair[1]][pair[0]] for pair in tree.pairs()
    } == {}


def test_a_new_pair_is_found(tmp_path: Path) -> None:
    for name, text in {
        "core/__init__": "",
        "core/values": "def late():\n    from bot.web.pages import page\n",
        "web/__init__": "",
        "web/pages": "from bot.core import values\n",
    }.items():
        path = tmp_path / "bot" / f"{name}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert read(tmp_path).pairs() == {("bot.core", "bot.web")}


def test_a_package_has_about_ten_modules() -> None:
    modules = read(ROOT).modules
    assert {name for name, number in modules.items() if number > 10} == LARGE.keys()
    assert max(modules.values()) <= 14
