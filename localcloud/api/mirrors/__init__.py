"""How the resource types of the simulated account are carried over to moto, and back."""
