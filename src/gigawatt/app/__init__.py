"""Command line: thin; it asks the packages below and shows what they say."""
