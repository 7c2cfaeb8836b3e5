"""Every package of the product says in its first line what it is for, and no two import each other."""

from pathlib import Path

from tests.docs.packages import TOPS, first_lines, module_counts, package_imports, pairs
from tests.docs.references import ROOT

#: More than ten modules, each with the reason.
LARGE = {
    "bot.cli": "one module a subject of commands",
    "bot.jobs": "one module a job",
    "bot.documents": "one module a step of an upload, and the stores",
    "bot.services.shared": "one module a thing that services share",
    "bot.services.review": "one module a part of reviewing, the same for both kinds of file",
    "storage.database": "one module a concern of a connection, for both databases",
    "storage.tables": "one module a subject of tables, and the columns they share",
    "bot.services.cooperation": "requests, contracts and terminations share one case",
}


def unexplained(root: Path) -> list[str]:
    """Packages below `root` without a docstring, and those whose docstring has no first sentence."""
    lines = first_lines(root, (*TOPS, "demo"))
    return [package for package, line in lines.items() if not line.endswith((".", ":"))]


def test_every_package_says_what_it_is_for() -> None:
    assert unexplained(ROOT) == []


def test_a_package_that_says_nothing_is_found(tmp_path: Path) -> None:
    texts = {"core": "", "rules": "import ast\n", "jobs": '"""Jobs."""\n', "web": '"""\n"""\n'}
    for name, text in texts.items():
        (tmp_path / "bot" / name).mkdir(parents=True)
        (tmp_path / "bot" / name / "__init__.py").write_text(text, encoding="utf-8")
    assert unexplained(tmp_path) == ["bot.core", "bot.rules", "bot.web"]


def test_no_two_packages_import_each_other() -> None:
    assert pairs(package_imports()) == []


def test_a_new_pair_is_found() -> None:
    imports = package_imports()
    assert "bot.services.shared" in imports["bot.services.review"]
    imports["bot.services.shared"].add("bot.services.review")
    assert pairs(imports) == [("bot.services.review", "bot.services.shared")]


def test_a_package_has_about_ten_modules() -> None:
    modules = module_counts()
    assert {name for name, number in modules.items() if number > 10} == LARGE.keys()
    assert max(number for name, number in modules.items() if name != "bot.cli") <= 14
