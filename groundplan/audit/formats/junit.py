"""JUnit: a suite a control, a case a resource."""

from __future__ import annotations

from xml.etree import ElementTree

from groundplan.audit.report import Audit
from policies.core.evaluation import Outcome
from policies.core.rule import Level


def render(audit: Audit) -> str:
    """Broken mandatory controls are failures; broken advisory ones and open ones are skipped, with why."""
    root = ElementTree.Element("testsuites", name=f"groundplan audit {audit.environment}")
    for control in audit.controls:
        suite = ElementTree.SubElement(root, "testsuite", name=control.id, tests=str(len(control.results)))
        failures = 0
        for result in control.results:
            case = ElementTree.SubElement(
                suite, "testcase", classname=f"{control.id} {control.title}", name=result.urn
            )
            messages = "; ".join(f"{each.path}: {each.message}" for each in result.findings)
            if result.outcome is Outcome.FAIL and result.level is Level.MANDATORY:
                failures += 1
                ElementTree.SubElement(case, "failure", message=messages).text = control.remediation
            elif result.outcome is not Outcome.PASS:
                reason = result.not_evaluated or messages
                ElementTree.SubElement(case, "skipped", message=f"{result.outcome}: {reason}")
        suite.set("failures", str(failures))
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True) + "\n"
