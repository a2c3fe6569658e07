"""What every layer shares: units, months, money, errors, provenance, YAML trees."""
