"""Speed and size of the bot, measured: `make bench`. What the figures mean is in docs/benchmarks.md."""
