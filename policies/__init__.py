"""Policy as code: controls over everything that `infra/` registers."""
