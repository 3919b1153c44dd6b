"""Pictures of the documentation, drawn by code."""
