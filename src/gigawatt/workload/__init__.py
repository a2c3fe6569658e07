"""Training campaigns and served models placed on the fleet, month by month."""
