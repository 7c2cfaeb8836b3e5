"""Files that root makes belong to the owner of their folder."""

from types import SimpleNamespace
from typing import Any

import pytest

from storage import ownership


def path(name: str, owner: int | None) -> Any:
    def stat() -> Any:
        if owner is None:
            raise FileNotFoundError(name)
        return SimpleNamespace(st_uid=owner, st_gid=owner + 1)

    return SimpleNamespace(name=name, stat=stat)


@pytest.mark.parametrize(
    ("user", "like", "given"),
    [
        (0, 1000, [("b", 1000, 1001), ("d", 1000, 1001)]),
        (0, 0, [("a", 0, 1)]),
        (0, None, []),
        (1000, 0, []),
    ],
    ids=["root", "root's folder", "no folder", "another user"],
)
def test_whose_they_become(
    user: int, like: int | None, given: list[tuple[str, int, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    changed: list[tuple[str, int, int]] = []
    system = SimpleNamespace(
        geteuid=lambda: user, chown=lambda one, uid, gid: changed.append((one.name, uid, gid))
    )
    monkeypatch.setattr(ownership, "os", system)
    files = [path("a", 1000), path("b", 0), path("c", None), path("d", 0)]
    ownership.give_to_owner_of(path("folder", like), *files)
    assert changed == given
