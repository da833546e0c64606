"""Settings and outputs become arguments of components, by area; it decides nothing but what goes where."""
