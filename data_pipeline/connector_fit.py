"""Whether a connector fits between an encoder and an LLM: widths and blocks, from configurations alone."""

from __future__ import annotations

from typing import Any

from data_pipeline.connectors import ConnectorConfig
from data_pipeline.errors import InputError


def check_connector_fits(connector: ConnectorConfig, hidden: int, encoder: Any, model_id: str) -> None:
    """Hold a connector against its LLM's width `hidden` and its encoder's configuration (the vision part).

    Raises:
        InputError: it gives another width than the LLM takes, takes another than the encoder's blocks
            give, or reads a block that the encoder does not have; both sides are named.
    """
    blocks, depth, width = connector.vision_blocks, int(encoder.num_hidden_layers), int(encoder.hidden_size)
    if connector.out_features != hidden:
        raise InputError(
            f"model {model_id!r}: the connector gives vectors of width {connector.out_features}, "
            f"but the LLM takes width {hidden}"
        )
    if max(blocks) > depth or min(blocks) < 0:
        raise InputError(
            f"model {model_id!r}: the connector reads encoder blocks {', '.join(map(str, blocks))}, "
            f"but the encoder has 0 to {depth}"
        )
    if connector.in_features != len(blocks) * width:
        raise InputError(
            f"model {model_id!r}: the connector takes features of width {connector.in_features}, but "
            f"{len(blocks)} encoder blocks of width {width} give {len(blocks) * width}"
        )
