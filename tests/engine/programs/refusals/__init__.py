"""What the simulated AWS refuses: the cases, and the program that tries them on the real engine."""
