"""A fuzz run over everything that reads what others wrote: ``python -m tests.fuzz``."""
