# ruff: noqa: N802 - the methods bear the names of the protocol
"""Serves the analyzer protocol of the Pulumi engine.

Pulumi's Python SDK for policies decodes all properties anew for every policy, and answers with one advisory
line when a policy meets an unknown value. This server decodes once for all rules, and says of every rule that
met one that it was not evaluated (docs/decisions/0010).
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import analyzer_pb2, analyzer_pb2_grpc, plugin_pb2

from policies.core.catalog import VERSION, all_rules
from policies.core.evaluation import Outcome, Verdict, judge, questions, stack_resource
from policies.core.resources import STACK, Resource, Stack
from policies.core.rule import Context, Level, Rule, Severity
from policies.core.settings import PackError, load_settings
from policies.core.waivers import load_waivers
from policies.pack import wire
from policies.pack.levels import configured

PACK = "groundplan"
_ALONE = Stack(())
"""What is known of other resources while the engine shows one."""
_MESSAGE_BYTES = 400 * 1024 * 1024
_SEVERITY = {
    Severity(name.lower()): analyzer_pb2.PolicySeverity.Value(f"POLICY_SEVERITY_{name}")
    for name in ("LOW", "MEDIUM", "HIGH", "CRITICAL")
}


class Pack(analyzer_pb2_grpc.AnalyzerServicer):
    """One pack in one run of the Pulumi CLI.

    Args:
        rules: what it asks.

    Raises:
        PackError: settings or waivers are malformed; then nothing may pass.
    """

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._rules = {rule.id: rule for rule in rules}
        self._settings = load_settings()
        self._waivers = load_waivers(rules=list(self._rules))
        self._by_type: dict[str, list[Rule]] = {}
        self._levels: dict[str, Level] = {}
        self._remediated: frozenset[str] = frozenset()
        self._inputs: dict[str, dict[str, Any]] = {}
        self._open: dict[tuple[str, str], str] = {}
        self._stack = ""
        self._dry_run = True

    def Handshake(self, request: Any, context: Any) -> analyzer_pb2.AnalyzerHandshakeResponse:
        """Nothing is asked of the engine."""
        del request, context
        return analyzer_pb2.AnalyzerHandshakeResponse()

    def GetPluginInfo(self, request: Any, context: Any) -> plugin_pb2.PluginInfo:
        """The version of the pack."""
        del request, context
        return plugin_pb2.PluginInfo(version=VERSION)

    def GetAnalyzerInfo(self, request: Any, context: Any) -> analyzer_pb2.AnalyzerInfo:
        """Name, severity, frameworks and remedy of every rule."""
        del request, context
        return analyzer_pb2.AnalyzerInfo(
            name=PACK,
            displayName="Groundplan",
            version=VERSION,
            supportsConfig=True,
            policies=[self._info(rule) for rule in self._rules.values()],
        )

    def Configure(self, request: analyzer_pb2.ConfigureAnalyzerRequest, context: Any) -> empty_pb2.Empty:
        """Take levels from `--policy-pack-config`; a rule that does not exist is refused by name."""
        wanted = {
            name: (
                analyzer_pb2.EnforcementLevel.Name(each.enforcementLevel),
                wire.properties(each.properties) if each.HasField("properties") else {},
            )
            for name, each in request.policyConfig.items()
        }
        try:
            self._levels, self._remediated = configured(wanted, self._rules)
        except PackError as error:
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, str(error))
        return empty_pb2.Empty()

    def ConfigureStack(self, request: Any, context: Any) -> analyzer_pb2.AnalyzerStackConfigureResponse:
        """Learn which environment this is, and whether it is a preview."""
        del context
        self._stack, self._dry_run = request.stack, request.dry_run
        return analyzer_pb2.AnalyzerStackConfigureResponse()

    def Analyze(self, request: analyzer_pb2.AnalyzeRequest, context: Any) -> analyzer_pb2.AnalyzeResponse:
        """Judge one resource by its inputs, before it is created or changed."""
        del context
        resource = Resource(
            urn=request.urn,
            type=request.type,
            name=request.name,
            properties=wire.properties(request.properties),
            protect=request.options.protect,
        )
        self._inputs[request.urn] = dict(resource.properties)
        if resource.left_out:
            return analyzer_pb2.AnalyzeResponse()
        facts = self._facts(resource.urn, _ALONE)
        return self._answer(
            judge(rule, resource, facts, self._waivers)
            for rule in self._asked_alone(resource.type)
            if rule.takes(resource)
        )

    def AnalyzeStack(
        self, request: analyzer_pb2.AnalyzeStackRequest, context: Any
    ) -> analyzer_pb2.AnalyzeResponse:
        """Ask the rules that join resources, and whether too much could not be evaluated."""
        del context
        # The engine hands over outputs here; rules judge inputs, which it has shown us one by one.
        shown = (_resource(each, self._inputs.get(each.urn)) for each in request.resources)
        resources = [each for each in shown if not each.left_out]
        subjects = list(resources)
        if not any(each.type == STACK for each in subjects):
            subjects.append(stack_resource(self._environment()))
        rules = [each for each in self._rules.values() if each.needs_stack]
        facts = self._facts(subjects[0].urn, Stack(resources))
        answer = self._answer(
            judge(rule, resource, facts, self._waivers) for rule, resource in questions(rules, subjects)
        )
        answer.diagnostics.extend(self._about_the_pack())
        return answer

    def Remediate(self, request: analyzer_pb2.AnalyzeRequest, context: Any) -> analyzer_pb2.RemediateResponse:
        """Rewrite properties, for rules whose level was set to `remediate`."""
        del context
        answer = analyzer_pb2.RemediateResponse()
        if not self._remediated:  # asked for every resource: nothing is decoded for nothing
            return answer
        current = wire.properties(request.properties)
        facts = self._facts(request.urn, _ALONE)
        for name in sorted(self._remediated):
            rule = self._rules[name]
            subject = Resource(urn=request.urn, type=request.type, name=request.name, properties=current)
            if rule.rewrite is None or not rule.judges(subject):
                continue
            if judge(rule, subject, facts, self._waivers).outcome is not Outcome.FAIL:
                continue
            current = rule.rewrite(current, facts)
            answer.remediations.append(
                analyzer_pb2.Remediation(
                    policyName=name,
                    policyPackName=PACK,
                    policyPackVersion=VERSION,
                    description=rule.title,
                    properties=wire.struct(current),
                )
            )
        return answer

    def Cancel(self, request: Any, context: Any) -> empty_pb2.Empty:
        """Nothing takes long enough to be cancelled."""
        del request, context
        return empty_pb2.Empty()

    def _asked_alone(self, token: str) -> list[Rule]:
        """The rules that judge resources of a type without looking at others."""
        if token not in self._by_type:
            self._by_type[token] = [
                rule for rule in self._rules.values() if not rule.needs_stack and rule.judges_type(token)
            ]
        return self._by_type[token]

    def _environment(self, urn: str = "") -> str:
        return self._stack or urn.removeprefix("urn:pulumi:").partition("::")[0]

    def _facts(self, urn: str, stack: Stack) -> Context:
        return Context(environment=self._environment(urn), settings=self._settings, stack=stack)

    def _answer(self, verdicts: Iterable[Verdict]) -> analyzer_pb2.AnalyzeResponse:
        answer = analyzer_pb2.AnalyzeResponse()
        for verdict in verdicts:
            level = self._levels.get(verdict.rule.id, verdict.level)
            if level is Level.OFF:
                reason = f"off in {self._environment(verdict.resource.urn)}"
                answer.not_applicable.add(policy_name=verdict.rule.id, reason=reason)
                continue
            for judged in verdict.findings:
                waiver = judged.waiver
                note = f" [waived by {waiver.id} until {waiver.expires}: {waiver.reason}]" if waiver else ""
                where = f"{judged.finding.path}: " if judged.finding.path else ""
                message = f"{where}{judged.finding.message}{note}\n  {verdict.rule.remediation}"
                answer.diagnostics.append(_diagnostic(verdict, message, Level.ADVISORY if waiver else level))
            if verdict.open:
                message = f"not evaluated: {verdict.open}"
                answer.diagnostics.append(_diagnostic(verdict, message, Level.ADVISORY))
                if level is Level.MANDATORY:
                    self._open[verdict.rule.id, verdict.resource.urn] = verdict.open
        return answer

    def _about_the_pack(self) -> list[analyzer_pb2.AnalyzeDiagnostic]:
        """Expired waivers, and mandatory checks that were left open beyond the budget."""
        findings = [
            f"waiver {each.id} of {each.rule} ended on {each.expires}: mend the finding or agree anew"
            for each in self._waivers.expired
        ]
        budget = self._settings.not_evaluated_budget.get(self._environment(), 0) if self._dry_run else 0
        if len(self._open) > budget:
            findings.append(
                f"{len(self._open)} mandatory checks were not evaluated and {budget} may be "
                f"(policies/settings.yaml: not_evaluated_budget): {_first(self._open)}"
            )
        return [
            analyzer_pb2.AnalyzeDiagnostic(
                policyName="PACK-00",
                policyPackName=PACK,
                policyPackVersion=VERSION,
                description="Nothing passes without having been judged",
                message=message,
                enforcementLevel=analyzer_pb2.MANDATORY,
                severity=analyzer_pb2.POLICY_SEVERITY_HIGH,
            )
            for message in findings
        ]

    def _info(self, rule: Rule) -> analyzer_pb2.PolicyInfo:
        ids = [f"{name} {each}" for name, controls in rule.frameworks.items() for each in controls]
        level = self._levels.get(rule.id, rule.enforcement.in_environment(self._environment()))
        wanted = analyzer_pb2.REMEDIATE if rule.id in self._remediated else _wire_level(level)
        return analyzer_pb2.PolicyInfo(
            name=rule.id,
            displayName=f"{rule.id} {rule.title}",
            description=f"{rule.title} {rule.why}",
            enforcementLevel=wanted,
            policy_type=analyzer_pb2.POLICY_TYPE_STACK
            if rule.needs_stack
            else analyzer_pb2.POLICY_TYPE_RESOURCE,
            severity=_SEVERITY[rule.severity],
            tags=ids,
            remediation_steps=rule.remediation,
        )


def serve() -> None:
    """Serve until the engine ends this process; the first line on stdout is the port."""
    try:
        pack = Pack(all_rules())
    except PackError as error:
        sys.stderr.write(f"error: {error}\n")
        sys.exit(2)
    try:
        _answer_engine(pack)
    except KeyboardInterrupt:  # the engine decides what Ctrl-C means, and ends this process
        os._exit(0)


def _answer_engine(pack: Pack) -> None:
    """The engine asks one thing after the other. One thread, no event loop: that took a fifth more."""
    options = [
        ("grpc.max_receive_message_length", _MESSAGE_BYTES),
        ("grpc.max_send_message_length", _MESSAGE_BYTES),
    ]
    server = grpc.server(ThreadPoolExecutor(max_workers=1), options=options)
    analyzer_pb2_grpc.add_AnalyzerServicer_to_server(pack, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    server.wait_for_termination()


def _resource(raw: analyzer_pb2.AnalyzerResource, inputs: Mapping[str, Any] | None) -> Resource:
    """A resource by its inputs; what it became is decoded only where they were not shown."""
    return Resource(
        urn=raw.urn,
        type=raw.type,
        name=raw.name,
        properties=wire.properties(raw.properties) if inputs is None else inputs,
        parent=raw.parent,
        dependencies=tuple(raw.dependencies),
        property_dependencies={key: tuple(each.urns) for key, each in raw.propertyDependencies.items()},
        protect=raw.options.protect,
    )


def _diagnostic(verdict: Verdict, message: str, level: Level) -> analyzer_pb2.AnalyzeDiagnostic:
    return analyzer_pb2.AnalyzeDiagnostic(
        policyName=verdict.rule.id,
        policyPackName=PACK,
        policyPackVersion=VERSION,
        description=verdict.rule.title,
        message=message,
        enforcementLevel=_wire_level(level),
        urn=verdict.resource.urn,
        severity=_SEVERITY[verdict.rule.severity],
    )


def _wire_level(level: Level) -> analyzer_pb2.EnforcementLevel.ValueType:
    levels = {Level.OFF: analyzer_pb2.DISABLED, Level.ADVISORY: analyzer_pb2.ADVISORY}
    return levels.get(level, analyzer_pb2.MANDATORY)


def _first(open_checks: dict[tuple[str, str], str], count: int = 5) -> str:
    shown = [
        f"{rule} on {urn.rpartition('::')[2]} ({why})"
        for (rule, urn), why in sorted(open_checks.items())[:count]
    ]
    rest = len(open_checks) - len(shown)
    return "; ".join(shown) + (f"; and {rest} more" if rest > 0 else "")
