"""AdamW over groups of parameters, each with learning rates and a bound on its gradient of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from data_pipeline.errors import InputError

_MOMENTS = ("step", "exp_avg", "exp_avg_sq")


@dataclass(frozen=True, eq=False)
class ParameterGroup:
    """Parameters by name; `rate` gives the learning rate of a step, counted from 0."""

    parameters: dict[str, nn.Parameter]
    rate: Callable[[int], float]
    weight_decay: float


class Optimizer:
    """AdamW whose whole state can be told as named tensors and taken up again."""

    def __init__(
        self,
        groups: Sequence[ParameterGroup],
        betas: tuple[float, float] = (0.9, 0.95),
        eps: float = 1e-8,
        longest_gradient: float = 1.0,
    ) -> None:
        """Each group's gradient, as one vector, is shortened to the L2 norm `longest_gradient` if longer."""
        self.groups = tuple(groups)
        self._longest = longest_gradient
        self._adamw = torch.optim.AdamW(
            [
                {"params": list(group.parameters.values()), "weight_decay": group.weight_decay}
                for group in groups
            ],
            betas=betas,
            eps=eps,
            fused=True,
        )

    @property
    def parameters(self) -> Iterator[nn.Parameter]:
        """All that are trained."""
        return (parameter for group in self.groups for parameter in group.parameters.values())

    def clear_gradients(self) -> None:
        """Forget the gradients of the step before."""
        self._adamw.zero_grad(set_to_none=True)

    def step(self, step: int) -> bool:
        """One update from the gradients at hand, at the rates of `step`; none if they are not finite."""
        lengths = []
        for settings, group in zip(self._adamw.param_groups, self.groups, strict=True):
            settings["lr"] = group.rate(step)
            lengths.append(nn.utils.clip_grad_norm_(list(group.parameters.values()), self._longest))
        if not all(bool(length.isfinite()) for length in lengths):
            return False
        self._adamw.step()
        return True

    def tensors(self) -> dict[str, Tensor]:
        """Parameters (`parameter NAME`) and the moments of their gradients (`exp_avg NAME`, …)."""
        found = {}
        for name, parameter in self._named():
            found[f"parameter {name}"] = parameter.detach()
            found |= {f"{key} {name}": value for key, value in self._adamw.state[parameter].items()}
        return found

    def load(self, tensors: dict[str, Tensor], source: str) -> None:
        """Take up what `tensors` gave.

        Raises:
            InputError: `source` holds other names or shapes than these parameters have.
        """
        expected = {f"parameter {name}": parameter.shape for name, parameter in self._named()}
        found = {name: value.shape for name, value in tensors.items() if name.startswith("parameter ")}
        if found != expected:
            odd = min(name for name in expected | found if expected.get(name) != found.get(name))
            raise InputError(f"{source}: {odd} is not as this training has it")
        for name, parameter in self._named():
            with torch.no_grad():
                parameter.copy_(tensors[f"parameter {name}"])
            # A parameter that never had a gradient has no moments.
            self._adamw.state[parameter] = {
                key: tensors[f"{key} {name}"].to(parameter.device)
                for key in _MOMENTS
                if f"{key} {name}" in tensors
            }

    def _named(self) -> Iterator[tuple[str, nn.Parameter]]:
        return (item for group in self.groups for item in group.parameters.items())
