"""A wrong stack file ends the program before it asks the engine for anything: no provider hears of it."""

from __future__ import annotations

import json
import runpy

import pulumi
import pytest
from pulumi.runtime import mocks, set_all_config, set_mocks

from infra.settings.loader import stack_file_name
from tests.unit.infra.recording import PROJECT_ROOT, Recording, dev_config
from tests.unit.infra.settings.mistakes import Change
from tests.unit.infra.settings.test_wrong_stack_files import ALL_CASES

_LEAST = 40
"""How many distinct mistakes the project promises to explain."""


class _Engine(Recording):
    """Also keeps each question that the program asks AWS."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[str] = []

    def call(self, args: mocks.MockCallArgs) -> tuple[dict[str, object], list[tuple[str, str]]]:
        """Note it."""
        self.calls.append(args.token)
        return super().call(args)


def test_there_are_enough_distinct_mistakes() -> None:
    """Distinct by what is wrong with which key."""
    assert len({(key, wrong) for _, _, (key, _, wrong, _) in ALL_CASES}) >= _LEAST
    assert len({name for name, _, _ in ALL_CASES}) == len(ALL_CASES)


@pytest.mark.parametrize(
    ("change", "expected"), [case[1:] for case in ALL_CASES], ids=[case[0] for case in ALL_CASES]
)
def test_the_program_ends_before_anything_is_registered(
    change: Change, expected: tuple[str, object, str, str]
) -> None:
    """The real program, given the wrong settings as Pulumi gives them: one message, no resource, no call."""
    config = dev_config()
    change(config["groundplan:platform"])
    engine = _Engine()
    set_mocks(engine, project="groundplan", stack="dev", preview=False)
    set_all_config(
        {key: value if isinstance(value, str) else json.dumps(value) for key, value in config.items()}
    )
    try:
        with pytest.raises(pulumi.RunError) as caught:
            runpy.run_path(str(PROJECT_ROOT / "infra" / "__main__.py"), run_name="__main__")
    finally:
        set_all_config({})  # it is the process's
    message = str(caught.value)
    key, _, wrong, allowed = expected
    for words in (f"{stack_file_name('dev')}: 1 problem", key, wrong, allowed, "Next: correct"):
        assert words in message
    assert (engine.resources, engine.calls) == ([], [])
