"""Every rule of deploy/alerts.yaml, firing for one bot and silent for another in the same Prometheus.

Where Prometheus's own promtool is on the PATH (Debian: `apt install prometheus`), it evaluates them: `make alerts`."""

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import yaml

RULES = Path(__file__).parents[2] / "deploy" / "alerts.yaml"
WELL, ILL = "technical-officer-bot", "technical-officer-bot-2"
INSTANCE = "10.0.0.7:9108"
#: Minutes of data, and of the rules that look at a whole day: looked at each minute, and each quarter of an hour.
MINUTES, DAY = 150, 1500
DAILY = {"AlertsOpen", "UploadsOfDay"}
QUARTER = 15

#: Rule → (figure with its labels, in order, in trouble, labels of the alert besides job). `a+b` grows by b each minute.
CASES: dict[str, list[tuple[str, str, str, dict[str, str]]]] = {
    "BotDown": [("up{%}", "1", "0", {"instance": INSTANCE})],
    "DatabaseDown": [("officer_database_up{%}", "1", "0", {"instance": INSTANCE})],
    "UpdatesWait": [("officer_oldest_unfinished_update_seconds{%}", "2", "61", {})],
    "MessengerAway": [('officer_messenger_up{%,messenger="bale"}', "1", "0", {"messenger": "bale"})],
    "PollingFails": [('officer_last_poll_seconds{%,messenger="bale"}', "26", "0+60", {"messenger": "bale"})],
    "SecondPoller": [('officer_poll_conflicts_total{%,messenger="bale"}', "1", "0+8", {"messenger": "bale"})],
    "PollingStale": [('officer_stale_polls_total{%,messenger="bale"}', "5", "0+12", {"messenger": "bale"})],
    "MessengerRests": [
        ('officer_messenger_rest_seconds{%,messenger="bale"}', "0", "20", {"messenger": "bale"})
    ],
    "ChatRestsLong": [
        (
            'officer_longest_chat_rest_seconds{%,messenger="bale"}',
            "3000",
            "3700",
            {"messenger": "bale"},
        )
    ],
    "UpdatesFailed": [('officer_updates_failed_total{%,messenger="bale"}', "7", "0+1", {})],
    "UpdatesSetAside": [
        ('officer_updates_quarantined_total{%,messenger="bale"}', "7", "0+1", {"messenger": "bale"})
    ],
    "PushesWait": [("officer_oldest_queued_push_seconds{%}", "40", "901", {})],
    "PushesGivenUp": [
        # It has not grown for a day, and still waits.
        ('officer_outbox_given_up{%,channel="SMS"}', "0", "3", {"channel": "SMS"})
    ],
    "PaymentsUncertain": [('officer_payments{%,state="UNCERTAIN"}', "0", "1", {})],
    "RefundDue": [('officer_payments{%,state="REFUND_DUE"}', "0", "1", {})],
    "PapersFail": [("officer_documents_failed_total{%}", "2", "0+1", {})],
    "DiskShort": [
        (
            'officer_disk_free_bytes{%,holds="database"}',
            "9e9",
            "9e8",
            {"holds": "database", "instance": INSTANCE},
        ),
        ("officer_disk_reserve_bytes{%}", "5e8", "5e8", {}),
    ],
    "UploadsRefused": [
        ('officer_uploads_refused_total{%,reason="disk_reserve"}', "4", "0+1", {}),
    ],
    "UploadsOfDay": [
        ('officer_uploads_refused_total{%,reason="uploads_of_day"}', "4", "0+1", {}),
    ],
    "AlertsOpen": [("officer_alerts_open{%}", "0", "1", {})],
    "WebConnectionsRefused": [
        ("officer_web_connections_refused_total{%}", "4", "0+1", {"instance": INSTANCE})
    ],
    "LoopHeld": [("officer_loop_longest_hold_seconds{%}", "0.05", "1.2", {"instance": INSTANCE})],
    "BackupOld": [("officer_newest_backup_seconds{%}", "90000", "180001", {})],
}


def rules() -> dict[str, Any]:
    groups = yaml.safe_load(RULES.read_text())["groups"]
    return {rule["alert"]: rule for group in groups for rule in group["rules"]}


def case(name: str, rule: dict[str, Any]) -> dict[str, Any]:
    """Two bots: of one all is well, of the other the alert fires."""
    series, (minutes, step) = [], (DAY, QUARTER) if name in DAILY else (MINUTES, 1)
    for figure, well, ill, _ in CASES[name]:
        for job, values in ((WELL, well), (ILL, ill)):
            labels = f'job="{job}",instance="{INSTANCE}"'
            series.append({"series": figure.replace("%", labels), "values": f"{values}x{minutes // step}"})
    labels = {"job": ILL} | CASES[name][0][3]
    summary = re.sub(r"{{ \$labels\.(\w+) }}", lambda match: labels[match[1]], rule["annotations"]["summary"])
    told = {"exp_labels": labels | rule["labels"], "exp_annotations": {"summary": summary}}
    at = {"eval_time": f"{minutes - 15}m", "alertname": name, "exp_alerts": [told]}
    return {"interval": f"{step}m", "input_series": series, "alert_rule_test": [at]}


def test_every_rule_has_a_case_and_keeps_bots_apart() -> None:
    assert CASES.keys() == rules().keys()
    for name, rule in rules().items():
        aggregated = re.findall(r"\b(?:max|min|sum|avg|count)\b[^(]*\(([^)]*)\)", rule["expr"])
        assert all(labels.startswith("job") for labels in aggregated), f"{name} hides one bot behind another"
        asked = set(re.findall(r"\b(?:officer_\w+|up\b)", rule["expr"]))
        assert asked == {figure.partition("{")[0] for figure, *_ in CASES[name]}


def test_each_fires_for_the_bot_in_trouble_alone(tmp_path: Path) -> None:
    files = []
    for step, names in ((1, CASES.keys() - DAILY), (QUARTER, DAILY)):
        files.append(tmp_path / f"alerts.{step}.json")
        document = {
            "rule_files": [str(RULES)],
            "evaluation_interval": f"{step}m",
            "tests": [case(name, rule) for name, rule in rules().items() if name in names],
        }
        files[-1].write_text(json.dumps(document))
    if (promtool := shutil.which("promtool")) is None:
        return  # the test above holds what can be held without it
    done = subprocess.run([promtool, "test", "rules", *files], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
