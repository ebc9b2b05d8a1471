"""The offline half: a study file in, a results folder of Parquet tables out."""
