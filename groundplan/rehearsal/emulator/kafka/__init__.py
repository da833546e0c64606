"""MSK of the emulated account: clusters, configurations and their operations, in place of moto's."""
