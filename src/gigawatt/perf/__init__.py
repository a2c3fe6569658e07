"""What an accelerator does with its FLOP/s. For now one thing: an assumed utilisation."""
