"""The Kubernetes objects of a diff: what the program registers, found without an engine."""

from __future__ import annotations

from groundplan.preview import checkouts, kubernetes


def test_the_program_registers_the_same_objects_twice() -> None:
    """Recording the working tree against itself shows no change, and finds the tenant's objects."""
    head = checkouts.working_tree()
    objects = kubernetes.record(head, "dev")
    assert {"Namespace", "ResourceQuota", "NetworkPolicy", "Deployment"} <= {
        state.type.rsplit(":", 1)[1] for state in objects.values()
    }
    assert kubernetes.compare_recordings(objects, kubernetes.record(head, "dev")) == ()
