"""What lies in deploy/ fits the program: paths, settings, commands, figures. test_container_build.py carries the Dockerfile out."""

import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from bot.cli.main import app
from bot.config.settings import Settings
from bot.core.counters import Counters, MessengerState
from bot.documents.disk_space import DiskSpace
from bot.web.app import health_of
from bot.web.metrics import metrics_app
from storage.database.database import Database
from storage.enums import Messenger
from storage.tables.column_types import utcnow
from tests.support.asgi import serving

PROJECT = Path(__file__).parents[2]
DEPLOY = PROJECT / "deploy"
DOCKERFILE = (DEPLOY / "Dockerfile").read_text()
#: Prometheus's own.
NOT_OURS = {"up"}


def test_what_the_image_copies_is_there_and_all_that_runs() -> None:
    copied = {line.split()[1] for line in re.findall(r"^COPY .*$", DOCKERFILE, re.MULTILINE)}
    assert all((PROJECT / one).exists() for one in copied)
    packages = {one.parent.name for one in PROJECT.glob("*/__init__.py")} - {"tests", "demo", "simulation"}
    assert packages | {"bot.py", "requirements.lock"} == copied
    let_in = re.findall(r"^!(.*)$", (DEPLOY / "Dockerfile.dockerignore").read_text(), re.MULTILINE)
    assert set(let_in) == copied


def test_the_image_sets_settings_that_exist() -> None:
    named = re.findall(r"([A-Z_]+)=", re.findall(r"^ENV .*$", DOCKERFILE, re.MULTILINE)[0])
    assert {name.lower() for name in named} <= Settings.model_fields.keys()
    assert "--require-hashes" in DOCKERFILE
    assert re.search(r"^USER (?!root)", DOCKERFILE, re.MULTILINE)


def test_the_containers_settings_exist() -> None:
    services = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"]
    for name in ("bot", "migrate"):
        assert {one.lower() for one in services[name]["environment"]} <= Settings.model_fields.keys()
        build = services[name]["build"]
        assert (DEPLOY / build["context"] / build["dockerfile"]).samefile(DEPLOY / "Dockerfile")
    assert services["migrate"]["command"][2] in commands()


def test_the_containers_refuse_to_start_without_what_they_need() -> None:
    """What has no default is `${NAME:?…}`: compose stops, instead of a bot that nobody reaches or that seals with a key in a
    container."""
    text = "\n".join(line.partition("#")[0] for line in (DEPLOY / "compose.yaml").read_text().splitlines())
    assert not re.findall(r"\$\{\w+\}", text)
    needed = set(re.findall(r"\$\{(\w+):\?", text))
    assert {"DOMAIN", "POSTGRES_PASSWORD", "SECRET_KEY", "FILES_URL", "S3_ENDPOINT"} <= needed


def test_the_containers_are_reached_whatever_the_settings_file_says() -> None:
    """`environment` wins over `env_file`: LISTEN=127.0.0.1:8080 of .env must not decide in a container."""
    services = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"]
    bot = services["bot"]["environment"]
    assert bot["LISTEN"].startswith("0.0.0.0:")
    assert bot["LISTEN"].endswith(f":{services['bot']['expose'][0]}")
    assert bot["UPDATES"] == "webhook"
    assert [name for name, service in services.items() if service.get("ports")] == ["proxy"]
    assert f"bot:{services['bot']['expose'][0]}" in (DEPLOY / "Caddyfile.compose").read_text()
    network = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["networks"]["default"]["ipam"]["config"]
    assert bot["TRUSTED_PROXIES"] == network[0]["subnet"]
    assert services["backup"]["command"][2] == "backup"
    assert services["backup"]["volumes"][0].endswith(f":{services['backup']['command'][3]}")


def test_the_image_dumps_what_the_server_holds() -> None:
    """pg_dump refuses a server that is newer; and nothing is "latest"."""
    services = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"]
    server, _, debian = services["database"]["image"].removeprefix("postgres:").partition("-")
    assert f"postgresql-client-{server} " in DOCKERFILE
    assert f"-slim-{debian}\n" in DOCKERFILE
    assert all(re.search(r":\d", one["image"]) for one in services.values() if "build" not in one)


#: Units, and templates that other units name.
UNITS, TEMPLATES = sorted(DEPLOY.glob("*[!@].service")), sorted(DEPLOY.glob("*@.service"))


@pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.name)
def test_the_units_call_commands_that_exist(unit: Path) -> None:
    called = re.search(r"^ExecStart=\S+/python bot\.py (\S+)", unit.read_text(), re.MULTILINE)
    assert called is not None
    assert called[1] in commands()


def test_what_is_called_after_a_failure_is_there() -> None:
    named = {
        name
        for unit in UNITS
        for name in re.findall(r"^OnFailure=(\S+@)\S*\.service", unit.read_text(), re.MULTILINE)
    }
    assert {f"{name}.service" for name in named} == {template.name for template in TEMPLATES}


def commands() -> set[str]:
    return {command.name for command in app.registered_commands if command.name}


async def test_the_figures_of_alerts_and_documents_exist(database: Database) -> None:
    def states() -> dict[Messenger, MessengerState]:
        return {Messenger.BALE: MessengerState(True, 3.0, {"429": 1})}

    resources: Any = SimpleNamespace(
        database=database, counters=Counters(), clock=utcnow, disk_space=DiskSpace({"documents": PROJECT})
    )
    async with (
        serving(metrics_app(resources, states, health=health_of(resources))) as url,
        httpx.AsyncClient(base_url=url, timeout=90) as client,
    ):
        text = (await client.get("/metrics")).text
    ours = {one.name for family in text_string_to_metric_families(text) for one in family.samples}
    rules = [
        rule
        for group in yaml.safe_load((DEPLOY / "alerts.yaml").read_text())["groups"]
        for rule in group["rules"]
    ]
    asked = {name for rule in rules for name in re.findall(r"\bofficer_\w+", rule["expr"])}
    assert asked <= ours, asked - ours
    assert all(rule["annotations"]["summary"] and rule["labels"]["severity"] for rule in rules)
    table = (PROJECT / "docs/operations.md").read_text().split("| figure (`officer_…`)")[1].split("\n\n")[0]
    told = {f"officer_{name}" for name in re.findall(r"^\| `(?:\w+\()?([a-z_]+)", table, re.MULTILINE)}
    assert told <= ours, told - ours
    assert asked <= told, asked - told
