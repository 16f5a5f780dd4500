"""Operations that moto lacks or answers from fixed data: answered from the simulated account instead."""
