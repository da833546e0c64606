"""Write the comments of all recordings anew, without an engine: python -m tests.pull_requests.render."""

from __future__ import annotations

from groundplan.preview import markdown
from tests.pull_requests import recordings
from tests.pull_requests.definitions import PULL_REQUESTS


def main() -> None:
    """After a change of a reviewer or renderer; review what differs."""
    for pull_request in PULL_REQUESTS:
        comment = markdown.render(recordings.load(pull_request.name, pull_request.environment))
        (recordings.GOLDEN / f"{pull_request.name}.md").write_text(comment, encoding="utf-8")


if __name__ == "__main__":
    main()
