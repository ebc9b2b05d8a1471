"""One look: pictures through one model, in one command."""
