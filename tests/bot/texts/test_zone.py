"""Tehran's time, whatever zone data the system has."""

import importlib.resources
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import TZPATH, ZoneInfoNotFoundError, reset_tzpath

import pytest

from bot.texts.zone import is_right, load_tehran

SUMMER, WINTER = (datetime(2026, month, 1, tzinfo=UTC) for month in (7, 12))


@pytest.fixture
def system(tmp_path: Path) -> Iterator[Path]:
    """The file of the system's zone; there is none yet. The data of all other zones are gone, too."""
    reset_tzpath(to=[tmp_path])
    (tmp_path / "Asia").mkdir()
    yield tmp_path / "Asia/Tehran"
    reset_tzpath(to=TZPATH)


def zone_file(area: str, city: str) -> bytes:
    return importlib.resources.files(f"tzdata.zoneinfo.{area}").joinpath(city).read_bytes()


def is_tehran() -> bool:
    zone = load_tehran()
    hours = timedelta(hours=3, minutes=30)
    return (zone.key, SUMMER.astimezone(zone).utcoffset(), WINTER.astimezone(zone).utcoffset()) == (
        "Asia/Tehran",
        hours,
        hours,
    )


def test_the_systems_zone_is_taken() -> None:
    assert is_tehran()


def without_package(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(name: str) -> None:
        raise ImportError(name)

    monkeypatch.setattr("bot.texts.zone.importlib.resources.files", absent)


def test_a_right_system_needs_no_package(system: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    system.write_bytes(zone_file("Asia", "Tehran"))
    without_package(monkeypatch)
    assert is_tehran()


@pytest.mark.parametrize(
    "content", [None, b"", b"no zone", zone_file("Asia", "Baku"), zone_file("Asia", "Kabul")]
)
def test_a_system_without_the_zone_or_with_an_old_one(system: Path, content: bytes | None) -> None:
    if content is not None:
        system.write_bytes(content)
    assert is_tehran()


def test_where_neither_has_it_that_is_said(system: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    system.write_bytes(zone_file("Asia", "Baku"))
    without_package(monkeypatch)
    with pytest.raises(ZoneInfoNotFoundError, match="Asia/Tehran"):
        load_tehran()


def test_a_package_that_is_as_old_as_the_system_is_not_taken(
    system: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "Tehran").write_bytes(zone_file("Asia", "Baku"))
    monkeypatch.setattr("bot.texts.zone.importlib.resources.files", lambda name: tmp_path)
    with pytest.raises(ZoneInfoNotFoundError, match="Asia/Tehran"):
        load_tehran()


def test_which_zone_is_right() -> None:
    assert is_right(load_tehran())
