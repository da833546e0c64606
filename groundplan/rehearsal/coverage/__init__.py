"""Which AWS types a rehearsal creates, reads, updates, refreshes and destroys, and who answers for AWS.

`python -m groundplan.rehearsal.coverage dev staging prod` plays the stacks and writes `recorded/` anew; `make
reference` renders it. Nothing in it is written by hand: what happened comes from the engine's event log, the
calls of each type from the provider's own log, and who answered them from the emulator.
"""
