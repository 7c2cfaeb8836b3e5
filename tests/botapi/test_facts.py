"""facts.json against python-telegram-bot: what the library reads and sends must be there, under the same name."""

import inspect
import re

import pytest
import telegram

from tests.botapi import SCALARS, Type, item, published

API = published()
#: Parameters of the library that never travel: they are folded into others, or belong to older versions of the API.
CONVENIENCE = frozenset(
    [
        "self",
        "api_kwargs",
        "read_timeout",
        "write_timeout",
        "connect_timeout",
        "pool_timeout",
        "reply_to_message_id",
        "allow_sending_without_reply",
        "disable_web_page_preview",
        "filename",
    ]
)
#: Of the whole album; the API has them in its first item.
OF_AN_ALBUM = frozenset({"caption", "parse_mode", "caption_entities"})
ONLY_IN_THE_LIBRARY = {"Poll": {"correct_option_id"}, "PassportFile": {"credentials"}}
#: editMessageText takes a rich message in the place of the text; the library does not know it yet.
OPTIONAL_SINCE = {"editMessageText": {"text"}}
CLASSES = [name for name, made in API.types.items() if made.fields and hasattr(telegram, name)]


def parameters(function: object) -> dict[str, bool]:
    """Names as they travel → whether they must be given."""
    found = inspect.signature(function).parameters.values()  # type: ignore[arg-type]
    return {
        "from" if one.name == "from_user" else one.name: one.default is inspect.Parameter.empty
        for one in found
        if one.name not in CONVENIENCE
        and one.kind not in (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    }


def required(found: dict[str, bool]) -> set[str]:
    return {name for name, needed in found.items() if needed}


@pytest.mark.parametrize("name", CLASSES)
def test_objects_have_the_fields_that_the_library_reads(name: str) -> None:
    read = parameters(getattr(telegram, name).__init__)
    assert set(read) - ONLY_IN_THE_LIBRARY.get(name, set()) <= API.types[name].names
    # What it cannot do without, the messenger always sends.
    assert required(read) <= API.types[name].required


@pytest.mark.parametrize("name", API.methods)
def test_methods_have_the_parameters_that_the_library_sends(name: str) -> None:
    snake = re.sub("[A-Z]", lambda letter: f"_{letter[0].lower()}", name)
    sent = parameters(getattr(telegram.Bot, snake))
    album = OF_AN_ALBUM if name == "sendMediaGroup" else frozenset[str]()
    assert set(sent) - album <= API.methods[name].names
    assert required(sent) - OPTIONAL_SINCE.get(name, set()) == API.methods[name].required


def test_most_of_the_library_is_held_against_the_file() -> None:
    assert len(CLASSES) > 120
    assert len(API.types["Message"].fields) > 90


def test_every_type_that_is_named_is_there() -> None:
    def named(made: Type) -> set[str]:
        kinds = [*made.subtypes, *(kind for field in made.fields for kind in field.types)]
        return {item(kind) for kind in kinds}

    for name, made in API.types.items():
        assert named(made) <= API.types.keys() | SCALARS, name
