"""`groundplan plan`: use cases' figures to a platform and its price, before anything is created."""
