"""Record prepared pull requests anew: python -m tests.pull_requests.record [--policies] BASE [NAME...].

Needs root, and minutes. BASE is a commit with the same sources of `infra/` and `stacks/` as the working tree.
With --policies only what the policy pack says is written: after a change of a rule.
"""

from __future__ import annotations

import json
import sys

from groundplan.preview import kubernetes, markdown
from groundplan.preview.checkouts import check_out
from groundplan.preview.comparison import priced
from groundplan.preview.policies import policy_delta
from groundplan.preview.rehearsed import preview_on, world_id
from groundplan.progress import Progress
from groundplan.rehearsal import worlds
from tests.pull_requests import recordings
from tests.pull_requests.definitions import PULL_REQUESTS
from tests.pull_requests.patched import patched

ONLY_POLICIES = "--policies"


def main(*words: str) -> None:
    """Record those named, or all, and write the comment that follows from each: review it."""
    base_name, *names = (word for word in words if word != ONLY_POLICIES)
    base, progress = check_out(base_name), Progress()
    for pull_request in PULL_REQUESTS:
        if names and pull_request.name not in names:
            continue
        progress.say(f"{pull_request.name}: {pull_request.title}")
        environment = pull_request.environment
        with patched(pull_request) as head:
            preview = preview_on(base, head, environment, progress)
            printed = worlds.load(world_id(environment)).logs / "preview.json"
            before = kubernetes.record(base, environment)
            after = kubernetes.record(head, environment)
            price, _ = priced(base, head, environment)
        policy = policy_delta(environment, preview, before, after)
        if ONLY_POLICIES in words:
            recordings.save_policy(pull_request.name, policy)
        else:
            recordings.save(pull_request.name, json.loads(printed.read_text()), before, after, price, policy)
        comment = markdown.render(recordings.load(pull_request.name, environment))
        (recordings.GOLDEN / f"{pull_request.name}.md").write_text(comment, encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
