"""Dashboard, alarms and saved queries look at what is really there: a metric that is renamed goes dark here first."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from signet.errors import Reason
from tests.support.recorded import Recording
from tests.support.transformed import of_type

OURS = "Signet"

NOTIFIES = {
    "Fn::If": [
        "HasAlarmTopic",
        [{"Fn::If": ["HasAlarmTopicArn", {"Ref": "AlarmTopicArn"}, {"Ref": "AlarmTopic"}]}],
        {"Ref": "AWS::NoValue"},
    ]
}

AWS_METRICS = {
    "AWS/ApiGateway": ({"Count", "4xx", "5xx", "Latency"}, {"ApiId"}),
    "AWS/Lambda": ({"Errors", "Throttles", "Duration", "ConcurrentExecutions"}, {"FunctionName"}),
    "AWS/DynamoDB": (
        {"ReadThrottleEvents", "WriteThrottleEvents", "ConsumedReadCapacityUnits", "ConsumedWriteCapacityUnits"},
        {"TableName"},
    ),
}
"""Metrics that AWS documents, and the dimension under which each is published: of an HTTP API in lower case."""

ALARMS = {
    "KeyRotationAlarm",
    "KeyRotationOverdueAlarm",
    "ServerErrorAlarm",
    "LatencyAlarm",
    "FunctionThrottleAlarm",
    "TableThrottleAlarm",
    "ReplayAlarm",
    "GuessingAlarm",
    "ClientAuthenticationAlarm",
    "DefectAlarm",
}
"""What an operator is woken for at least."""

PLATFORM = {"@timestamp", "@log", "@type", "@initDuration", "@duration", "@maxMemoryUsed"}

WORDS = {
    *("filter", "fields", "stats", "sort", "by", "as", "in", "and", "or", "desc", "count", "count_distinct", "pct"),
    "max",
}

Seen = tuple[str, str, frozenset[str], frozenset[tuple[str, str]]]
"""Namespace, name, names of the dimensions, and those of their values that are spelled out."""


def alarm_metrics(alarm: dict[str, Any]) -> Iterator[Seen]:
    """What an alarm looks at."""
    stats = [member["MetricStat"]["Metric"] for member in alarm.get("Metrics", ()) if "MetricStat" in member]
    for metric in stats or [alarm]:
        values = {(one["Name"], one["Value"]) for one in metric["Dimensions"] if isinstance(one["Value"], str)}
        names = frozenset(one["Name"] for one in metric["Dimensions"])
        yield metric["Namespace"], metric["MetricName"], names, frozenset(values)


def widgets(resources: dict[str, Any]) -> list[dict[str, Any]]:
    """What the dashboard shows."""
    body = resources["WatchDashboard"]["Properties"]["DashboardBody"]["Fn::Sub"]
    found: list[dict[str, Any]] = json.loads(body)["widgets"]
    return found


def dashboard_metrics(resources: dict[str, Any]) -> Iterator[Seen]:
    """What the dashboard looks at, in metrics and in searches."""
    for widget in widgets(resources):
        for metric in widget["properties"]["metrics"]:
            if isinstance(metric[0], dict):
                schema, name = re.findall(r"\{([\w/,]+)\} MetricName=\"(\w+)\"", metric[0]["expression"])[0]
                namespace, *dimensions = schema.split(",")
                yield namespace, name, frozenset(dimensions), frozenset()
            else:
                namespace, name, *rest = (text for text in metric if isinstance(text, str))
                yield namespace, name, frozenset(rest[::2]), frozenset()


def emitted(recording: Recording) -> set[Seen]:
    """What the flows counted, with and without the values of dimensions."""
    found: set[Seen] = set()
    for metric in recording.metrics:
        [directive] = metric["_aws"]["CloudWatchMetrics"]
        [names] = directive["Dimensions"]
        for counted in directive["Metrics"]:
            values = frozenset((name, metric[name]) for name in names if name != "service")
            found.add((directive["Namespace"], counted["Name"], frozenset(names), values))
            found.add((directive["Namespace"], counted["Name"], frozenset(names), frozenset()))
    return found


def seen(resources: dict[str, Any]) -> set[Seen]:
    """Everything that is looked at."""
    alarms = of_type(resources, "AWS::CloudWatch::Alarm").values()
    return {metric for alarm in alarms for metric in alarm_metrics(alarm)} | set(dashboard_metrics(resources))


def test_what_is_watched_of_ours_is_counted_by_some_flow(resources: dict[str, Any], recording: Recording) -> None:
    """Name, dimensions and their values; so a rename in the code cannot leave an alarm that never goes off."""
    assert {metric for metric in seen(resources) if metric[0] == OURS} <= emitted(recording)


def test_what_is_counted_is_watched(resources: dict[str, Any], recording: Recording) -> None:
    """A metric that nobody sees is paid for in vain."""
    counted = {(namespace, name) for namespace, name, *_ in emitted(recording)}
    assert counted <= {(namespace, name) for namespace, name, *_ in seen(resources)}


def test_what_is_watched_of_awss_is_documented(resources: dict[str, Any]) -> None:
    """CloudWatch takes any name, and shows nothing for ever."""
    for namespace, name, dimensions, _ in seen(resources):
        if namespace != OURS:
            names, expected = AWS_METRICS[namespace]
            assert name in names
            assert dimensions == expected, name


def test_every_alarm_tells_somebody_what_it_means(resources: dict[str, Any]) -> None:
    """The topic of the account's or of the stack's own, a sentence, and silence where nothing happens."""
    alarms = of_type(resources, "AWS::CloudWatch::Alarm")
    assert alarms.keys() >= ALARMS
    for name, alarm in alarms.items():
        assert alarm["AlarmActions"] == NOTIFIES, name
        assert len(alarm["AlarmDescription"]) > 40, name
        assert alarm["TreatMissingData"] in {"notBreaching", "breaching"}, name


def test_a_failed_rotation_raises_an_alarm(resources: dict[str, Any]) -> None:
    """Keys that no longer rotate are noticed by the operator, not by an auditor."""
    alarm = resources["KeyRotationAlarm"]["Properties"]
    assert alarm["MetricName"] == "Errors"
    assert alarm["Dimensions"] == [{"Name": "FunctionName", "Value": {"Ref": "KeyRotationFunction"}}]


def test_every_function_and_table_is_on_the_dashboard(resources: dict[str, Any]) -> None:
    """What is deployed is seen."""
    shown = resources["WatchDashboard"]["Properties"]["DashboardBody"]["Fn::Sub"]
    for name in (*of_type(resources, "AWS::Lambda::Function"), *of_type(resources, "AWS::DynamoDB::Table")):
        assert f"${{{name}}}" in shown, name


def test_the_dashboard_is_a_grid_of_this_stack(resources: dict[str, Any]) -> None:
    """24 columns, no two widgets over each other, everything of this region and stack."""
    taken: set[tuple[int, int]] = set()
    for widget in widgets(resources):
        columns = range(widget["x"], widget["x"] + widget["width"])
        cells = {(x, y) for x in columns for y in range(widget["y"], widget["y"] + widget["height"])}
        assert max(columns) < 24
        assert not taken & cells
        taken |= cells
        assert widget["properties"]["region"] == "${AWS::Region}"
        for metric in widget["properties"]["metrics"]:
            if OURS in json.dumps(metric):
                assert "${AWS::StackName}" in json.dumps(metric)


def queries(resources: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The saved queries."""
    return of_type(resources, "AWS::Logs::QueryDefinition")


def test_queries_ask_for_what_the_audit_says(resources: dict[str, Any], recording: Recording) -> None:
    """Every field, event and reason that a query names is in the lines of some flow, or in the access log."""
    lines = [line for flow in recording.lines.values() for line in flow]
    format_ = resources["HttpApiStage"]["Properties"]["AccessLogSettings"]["Format"]
    fields = PLATFORM | {name for line in lines for name in line} | json.loads(format_).keys()
    events = {line["event"] for line in lines} | {"rotation_failed"}
    assert "rotation_failed" in resources["FailuresQuery"]["Properties"]["QueryString"]
    for name, query in queries(resources).items():
        text = query["QueryString"]
        for quoted in re.findall(r"event (?:=|in) (\[[^]]*\]|\"[^\"]*\")", text):
            assert set(re.findall(r'"(\w+)"', quoted)) <= events, name
        for quoted in re.findall(r"reason (?:=|in) (\[[^]]*\]|\"[^\"]*\")", text):
            assert set(re.findall(r'"(\w+)"', quoted)) <= {line["reason"] for line in lines if "reason" in line}, name
        bare = re.sub(r"\"[^\"]*\"|as \w+|sort \w+", " ", text)
        named = set(re.findall(r"@?[A-Za-z_]\w*", bare)) - WORDS
        assert named <= fields, name


def test_queries_look_into_groups_of_this_stack(resources: dict[str, Any]) -> None:
    """Each by reference, and named after the stack."""
    for name, query in queries(resources).items():
        assert query["Name"]["Fn::Sub"].startswith("${AWS::StackName}/"), name
        assert {resources[group["Ref"]]["Type"] for group in query["LogGroupNames"]} == {"AWS::Logs::LogGroup"}, name


@pytest.mark.parametrize("name", ["RequestQuery", "FailuresQuery"])
def test_the_queries_of_a_fault_look_everywhere(resources: dict[str, Any], name: str) -> None:
    """Nobody knows beforehand which function a fault is in."""
    groups = {group["Ref"] for group in resources[name]["Properties"]["LogGroupNames"]}
    written = {fn["LoggingConfig"]["LogGroup"]["Ref"] for fn in of_type(resources, "AWS::Lambda::Function").values()}
    assert groups >= written


def test_reasons_of_alarms_are_of_the_vocabulary(resources: dict[str, Any]) -> None:
    """The operator can look up what went off."""
    for _, _, _, values in seen(resources):
        assert {value for name, value in values if name == "reason"} <= set(Reason)
