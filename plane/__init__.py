"""How components make a plane: foundation, compute, add-ons, access, serving, in this order."""
