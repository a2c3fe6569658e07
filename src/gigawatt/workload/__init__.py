"""Training runs placed on the fleet, month by month."""
