"""A picture of each environment, drawn from its typed settings: `docs/environments/`, by `make reference`."""
