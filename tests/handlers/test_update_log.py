"""What an operator reads of an update: what was asked, in the program's words, and nothing that a person typed."""

import logging

import pytest

from tests.support.chat_driver import App


def test_the_log_says_what_was_asked(app: App, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "handlers.telegram.processor")
    sara = app.person().command("menu").command("nonsense").type("رمز من").upload().share("989121234567")
    sara.open("help")

    asked = [record.asked for record in caplog.records if record.message == "update done"]  # type: ignore[attr-defined]
    assert asked == ["/menu", "a foreign command", "text", "file", "contact", "help"]
