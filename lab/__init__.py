"""How the published models are made: labelled, trained, measured, carded and released."""
