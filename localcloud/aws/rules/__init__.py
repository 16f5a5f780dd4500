"""One module per AWS service: what its resource types do and refuse."""
