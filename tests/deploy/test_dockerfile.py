"""The Dockerfile keeps the rules of a linter; the reader of Dockerfiles and of .dockerignore reads as Docker does."""

import pytest

from tests.deploy.dockerfile import complaints, instructions, let_in, stages, variables
from tests.support.commands import PROJECT

TEXT = (PROJECT / "deploy/Dockerfile").read_text()
IGNORE = (PROJECT / "deploy/Dockerfile.dockerignore").read_text()


def test_a_linter_has_nothing_to_say() -> None:
    assert complaints(TEXT) == []


@pytest.mark.parametrize(
    ("written", "instead", "complaint"),
    [
        ("python:3.11-slim-trixie", "python", "python: no version"),
        ("python:3.11-slim-trixie", "python:latest", "python:latest: no version"),
        ("python:3.11-slim-trixie", "registry:5000/python", "registry:5000/python: no version"),
        ("USER 990", "USER root", "the program runs as root"),
        ("USER 990", "USER 0:0", "the program runs as root"),
        ("USER 990\n", "", "the program runs as root"),
        ("USER 990", "USER officer-bot", "the host does not know the user by name; a number it does"),
        (" --no-install-recommends", "", "apt-get without --no-install-recommends"),
        ("install -y", "install", "apt-get without -y"),
        (" && rm -rf /var/lib/apt/lists/*", "", "apt's lists stay in the layer"),
        ("apt-get update && ", "", "apt-get install without update in the same layer"),
        (" --require-hashes", "", "pip without --require-hashes"),
        (" --no-cache-dir", "", "pip without --no-cache-dir"),
        ('CMD ["python", "bot.py", "run"]', "", "no CMD"),
        (
            'CMD ["python", "bot.py", "run"]',
            "CMD python bot.py run",
            "CMD runs in a shell, which gets the signals in the place of the program",
        ),
        ("HEALTHCHECK ", "LABEL ", "no HEALTHCHECK"),
        ("COPY bot.py ./", "COPY . .", "everything is copied"),
        ("COPY bot.py ./", "ADD https://files.example/bot.py ./", "ADD fetches and unpacks; COPY does not"),
        ("ENV ", "ENV TELEGRAM_TOKEN=1 ", "TELEGRAM_TOKEN is a secret"),
        ("WORKDIR /app", "WORKDIR app", "WORKDIR app is relative"),
    ],
)
def test_what_a_linter_says_of_others(written: str, instead: str, complaint: str) -> None:
    assert written in TEXT
    assert complaint in complaints(TEXT.replace(written, instead))


def test_a_base_pinned_by_its_digest_is_pinned() -> None:
    assert complaints(TEXT.replace("python:3.11-slim-trixie", f"python@sha256:{'0' * 64}")) == []


def test_instructions_are_read_as_docker_reads_them() -> None:
    text = '# syntax\nFROM a:1 AS build\nRUN one && \\\n    # why\n    two\nFROM build\nCOPY --from=build --chown=1:2 x y\nCMD ["a b", "c"]\n'
    first, second = stages(text)
    assert (first.base, first.name, second.base) == ("a:1", "build", "build")
    assert first.instructions[0].command == ["/bin/sh", "-c", "one &&     two"]
    copy, command = second.instructions
    assert (copy.options, copy.words) == ({"from": "build", "chown": "1:2"}, ["x", "y"])
    assert command.command == ["a b", "c"]
    assert variables(instructions("ENV A=1 B=\"2 3\" C='4'")[0]) == {"A": "1", "B": "2 3", "C": "4"}
    assert variables(instructions("ENV A 1 2")[0]) == {"A": "1 2"}
    with pytest.raises(ValueError, match="ONBUILD"):
        instructions("ONBUILD RUN x")


@pytest.mark.parametrize(
    ("path", "seen"),
    [
        ("bot.py", True),
        ("bot/texts/fa/accounts.toml", True),
        ("requirements.lock", True),
        ("bot/cli/__pycache__/main.cpython-311.pyc", False),
        (".env", False),
        ("data/bot.db", False),
        (".git/config", False),
        ("tests/conftest.py", False),
        ("demo/run.py", False),
        ("requirements-dev.lock", False),
        ("deploy/.env", False),
        ("bot.py.orig", False),
    ],
)
def test_what_the_build_sees(path: str, seen: bool) -> None:
    assert let_in(path, IGNORE) is seen


@pytest.mark.parametrize(
    ("ignore", "path", "seen"),
    [
        ("", "a/b", True),
        ("a", "a/b/c", False),
        ("*.md", "a/b.md", True),
        ("**/*.md", "a/b.md", False),
        ("**/*.md", "b.md", False),
        ("*\n!a\na/b", "a/b/c", False),
        ("*\n!a\na/b\n!a/b/c", "a/b/c", True),
        ("# a", "a", True),
        ("a?c", "abc", False),
    ],
)
def test_patterns_mean_what_they_mean_to_docker(ignore: str, path: str, seen: bool) -> None:
    assert let_in(path, ignore) is seen
