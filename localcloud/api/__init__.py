"""The AWS API of a local cloud: a moto server in step with the simulated account."""
