"""Speed, kept apart from tests: `python -m benchmarks` prints a table and writes bench.json."""
