"""The subcommands of `vlens`, one a file; each translates options into a call and prints what came of it."""
