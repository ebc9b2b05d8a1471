"""Connectors before any training: their shape from the study, their first weights as the study drew them."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor, nn

from data_pipeline.connectors import Connector, ConnectorConfig

_DEVIATION = 0.02


def fresh_connector(config: ConnectorConfig, seed: int) -> Connector:
    """Normal weights of deviation 0.02, of a linear connector Xavier's uniform ones; padding starts at 0."""
    connector = Connector(config)
    random = torch.Generator().manual_seed(seed)
    for name, parameter in connector.named_parameters():
        if name == "padding":
            nn.init.zeros_(parameter)
        elif config.kind == "linear" and name == "gate.weight":
            nn.init.xavier_uniform_(parameter, generator=random)
        else:
            nn.init.normal_(parameter, std=_DEVIATION, generator=random)
    return connector


@torch.no_grad()
def scaled(connector: Connector, block_outputs: list[Tensor], norm: float) -> Connector:
    """The same weights with an output scale that gives these vision tokens the mean L2 norm `norm`."""
    found = connector([state.float() for state in block_outputs]).norm(dim=-1).mean().item()
    scale = connector.config.output_scale * norm / found
    result = Connector(replace(connector.config, output_scale=scale))
    result.load_state_dict(connector.state_dict())
    return result
