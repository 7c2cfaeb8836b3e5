"""A pytest plugin: runs the tests named in $MUTANTS_TESTS, in that order, and says in $MUTANTS_OUTCOME how they ended."""

import json
import os
from pathlib import Path

import pytest

_ran: list[str] = []
_failed: list[tuple[str, str]] = []


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    order = {
        test: number for number, test in enumerate(json.loads(Path(os.environ["MUTANTS_TESTS"]).read_text()))
    }
    items[:] = sorted((item for item in items if item.nodeid in order), key=lambda item: order[item.nodeid])


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    _ran.append(report.nodeid)
    if report.failed:
        _failed.append(
            (report.nodeid, getattr(report.longrepr, "reprcrash", None) and report.longrepr.reprcrash.message)
        )


def pytest_collectreport(report: pytest.CollectReport) -> None:
    if report.failed:
        _failed.append((report.nodeid, "does not import"))


def pytest_sessionfinish(session: pytest.Session) -> None:
    Path(os.environ["MUTANTS_OUTCOME"]).write_text(json.dumps({"ran": len(set(_ran)), "failed": _failed}))
