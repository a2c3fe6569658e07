"""Costs, tranches and the funding gap. Pure functions; owed money is Decimal."""
