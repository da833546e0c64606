"""The token webhook: answers the API server's TokenReviews."""

from __future__ import annotations

import logging
from dataclasses import asdict

from groundplan.rehearsal.emulator.webhooks.identity import Authenticator, TokenRefusedError
from groundplan.rehearsal.emulator.webhooks.server import Review

log = logging.getLogger(__name__)


def review_token(authenticator: Authenticator, review: Review) -> Review:
    """Answer one TokenReview (authentication.k8s.io/v1); a refused token is an answer, not an error."""
    token = (review.get("spec") or {}).get("token") or ""
    try:
        user = asdict(authenticator.authenticate(token))
    except TokenRefusedError as refusal:
        log.info("login refused: %s", refusal)
        return _answer({"authenticated": False, "error": str(refusal)})
    log.info("login of %s", user["name"])
    user["username"] = user.pop("name")
    return _answer({"authenticated": True, "user": user})


def _answer(status: Review) -> Review:
    return {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenReview", "status": status}
