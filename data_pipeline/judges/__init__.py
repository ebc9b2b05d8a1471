"""Judges: does a lens's list of tokens name something that the image shows?"""
