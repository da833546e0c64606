"""A picture of each environment, drawn from its typed settings: in `docs/reference/`, by `make reference`."""
