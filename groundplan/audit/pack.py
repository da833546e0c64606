"""The pack as this process uses it: rules, settings and waivers, read once and refused if malformed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from groundplan.errors import ExitCode, GroundplanError
from policies.core.catalog import all_rules
from policies.core.evaluation import Verdict, evaluate
from policies.core.resources import Resource, Stack
from policies.core.rule import Context, Rule
from policies.core.settings import PackError, PackSettings, load_settings
from policies.core.waivers import WAIVERS_FILE, Waivers, load_waivers


@dataclass(frozen=True, kw_only=True)
class Pack:
    """Rules, and what they are tuned by.

    Args:
        rules: all of them.
        settings: lists and limits.
        waivers: the register, as of one day.
    """

    rules: tuple[Rule, ...]
    settings: PackSettings
    waivers: Waivers

    def judge(
        self, environment: str, resources: Sequence[Resource], rules: Sequence[Rule] | None = None
    ) -> list[Verdict]:
        """Ask rules (all, if none are named) about resources that are one whole stack."""
        facts = Context(environment=environment, settings=self.settings, stack=Stack(resources))
        return evaluate(self.rules if rules is None else rules, resources, facts, self.waivers)


def load_pack(waivers: Path | None = None, today: dt.date | None = None) -> Pack:
    """The pack in `policies/`.

    Args:
        waivers: another register than the pack's.
        today: another day than today, for waivers.

    Raises:
        GroundplanError: settings or waivers are malformed (exit code 2); then nothing passes.
    """
    rules = all_rules()
    try:
        return Pack(
            rules=rules,
            settings=load_settings(),
            waivers=load_waivers(waivers or WAIVERS_FILE, today=today, rules=[rule.id for rule in rules]),
        )
    except PackError as error:
        raise GroundplanError(str(error), exit_code=ExitCode.CONFIG) from None
