"""MSK of the emulated account: clusters, configurations, topics and their operations, in place of moto's."""
