"""The cloud of a rehearsal: moto's server, extended where the program needs more than moto has.

`python -m groundplan.rehearsal.emulator --world <folder>/world.json` serves the AWS APIs, the token webhook,
the pod identity webhook and agent, and runs the controllers that EKS runs for its customers.
"""
