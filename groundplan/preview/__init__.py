"""`groundplan diff`: what a change of the program or its settings does to every environment."""
