"""What an environment costs in a month: resources as synthesized, usage as measured, prices as
dated."""
