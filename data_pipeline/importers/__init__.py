"""Importers: results of other tools, translated into the contract of `data_pipeline.schema`."""
