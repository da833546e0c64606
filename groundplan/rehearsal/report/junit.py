"""The checks of a rehearsal as JUnit, for CI systems."""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree import ElementTree

from groundplan.rehearsal.scenario.record import Status, StepRecord


def render(records: Sequence[StepRecord]) -> str:
    """One test suite a step, one test case a check; a step without checks is a case of its own."""
    root = ElementTree.Element("testsuites", name="groundplan rehearsal")
    for record in records:
        suite = ElementTree.SubElement(
            root,
            "testsuite",
            name=record.name,
            time=f"{record.seconds:.2f}",
            tests=str(len(record.checks) + 1),
            failures=str(sum(not check.passed for check in record.checks)),
            errors=str(int(record.status is Status.FAILED)),
        )
        played = ElementTree.SubElement(suite, "testcase", classname=record.name, name=record.title)
        if record.status is Status.FAILED:
            ElementTree.SubElement(played, "error", message=record.error or "")
        for check in record.checks:
            case = ElementTree.SubElement(suite, "testcase", classname=record.name, name=check.what)
            if not check.passed:
                message = f"expected {check.expected}, got {check.actual}"
                ElementTree.SubElement(case, "failure", message=message)
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True) + "\n"
