"""What Pulumi's engine writes for values that JSON has no word for: constants of its protocol.

The same on the wire and in a state file (sdk/go/common/resource/plugin/rpc.go and resource/sig). A test
compares them with those inside the Python SDK, which takes too long to import for a policy.
"""

from __future__ import annotations

SIGNATURE = "4dabf18193072939515e22adb298388d"
"""Key of an object that is more than an object; its value is one of the following."""
SECRET = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 - the protocol's mark of a secret, not one
OUTPUT = "d0e6a833031e9bbcd3f4e8bde6ca49a4"
RESOURCE = "5cf8f73096256a8f31e491e813e4eb8e"
UNKNOWN_TEXT = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""A string that is known only after an update; also what a writer puts for an unknown value of any kind."""
UNKNOWNS = frozenset(
    {
        UNKNOWN_TEXT,
        "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",  # a boolean
        "3eeb2bf0-c639-47a8-9e75-3b44932eb421",  # a number
        "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",  # a list
        "030794c1-ac77-496b-92df-f27374a8bd58",  # an asset
        "e48ece36-62e2-4504-bad9-02848725956a",  # an archive
        "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",  # an object
    }
)
