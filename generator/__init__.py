"""The page half: a results folder in, a site of self-contained HTML pages out. Never imports torch."""
