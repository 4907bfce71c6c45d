"""Declares what watches: topics with their policy first, log groups, alarms, events, the dashboard."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi

from components.rds import arguments_watching as arguments
from components.rds.arguments_dashboard import dashboard as dashboard_body
from components.rds.arguments_watching import Watched
from components.rds.resource import Resource, Scope
from components.settings.rds.replicas import identifier


@dataclass(frozen=True, kw_only=True)
class Topic:
    """Where a region's alarms and events go; `after` has to be there before anybody publishes."""

    arn: pulumi.Input[str]
    after: Sequence[Resource]


def topic(scope: Scope, key: pulumi.Input[str] | None) -> Topic | None:
    """The one that is named (in the home region), else one of our own. CloudWatch takes none of another region."""
    settings = scope.settings
    if not settings.rds.alarms.enabled:
        return None
    if scope.home and settings.rds.alarms.topic:
        return Topic(arn=settings.rds.alarms.topic, after=())
    made = scope.make("sns.Topic", "alarms", arguments.topic(settings, key), ("arn",))
    text = pulumi.Output.all(scope.account, made["arn"]).apply(lambda known: arguments.topic_policy(*known))
    policy = scope.make("sns.TopicPolicy", "alarms", {"arn": made["arn"], "policy": text})
    for number, address in enumerate(settings.rds.alarms.email, 1):
        inputs = {"topic": made["arn"], "protocol": "email", "endpoint": address}
        scope.make("sns.TopicSubscription", f"alarms-{number}", inputs)
    return Topic(arn=made["arn"], after=(policy,))


def log_groups(scope: Scope, label: str, name: str, kind: str, key: pulumi.Input[str] | None) -> list[pulumi.Resource]:
    """Of one instance or cluster."""
    return [
        scope.make("cloudwatch.LogGroup", f"{label}-{export}", inputs)
        for export, inputs in arguments.log_groups(scope.settings, name, kind, key)
    ]


def alarms(scope: Scope, topic: Topic | None, members: Sequence[tuple[Watched, pulumi.Resource]]) -> None:
    """Of a region's members, each below its member, so that it goes with it."""
    if topic is None:
        return
    for member, resource in members:
        for label, inputs in arguments.member_alarms(scope.settings, member, topic.arn):
            # Below what it watches, but not protected as that is: an alarm holds nothing.
            options = pulumi.ResourceOptions(parent=resource, protect=False)
            scope.make("cloudwatch.MetricAlarm", label, inputs, opts=options)


def events(scope: Scope, topic: Topic | None, sources: Mapping[str, Sequence[pulumi.Input[str]]]) -> None:
    """One subscription for each source type that has anything."""
    if topic is None:
        return
    after = pulumi.ResourceOptions(depends_on=list(topic.after))
    for source, ids in sources.items():
        if ids:
            inputs = arguments.events(scope.settings, topic.arn, source, ids)
            scope.make("rds.EventSubscription", f"events-{source.removeprefix('db-')}", inputs, opts=after)


def dashboard(scope: Scope, members: Sequence[tuple[str, Watched]]) -> None:
    """`members` of all regions, with their regions."""
    if scope.settings.rds.dashboard:
        body = dashboard_body(scope.settings, members)
        inputs = {"dashboardName": identifier(scope.settings), "dashboardBody": body}
        scope.make("cloudwatch.Dashboard", "dashboard", inputs)
