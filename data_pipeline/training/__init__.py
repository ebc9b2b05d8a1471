"""Training connectors between frozen models: what is learned, from what, and by which steps."""
