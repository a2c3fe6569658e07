"""The calendar of the build: power, racks, stages, gigawatts. Pure functions over arrays."""
