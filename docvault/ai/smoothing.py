"""Makes a transformer easier to quantise, without changing what it computes.

A few channels of a transformer's activations are far larger than the rest, and one scale for all of them leaves the
small ones few steps. So each input channel j of a linear layer is divided by s_j and the column j of its weights
multiplied by it, with s_j = sqrt(max|x_j| / max|w_j|): SmoothQuant with alpha 1/2 (Xiao et al., 2022, arXiv:2211.10438,
equation 4).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor, nn

LEAST = 1e-5
"""Smaller peaks are taken for this, so that a channel that is always zero divides nothing by zero."""


def smooth(module: nn.Module, run: Callable[[str], Any], texts: list[str]) -> None:
    """Rescale the linear layers of `module`, calibrated by what they see while `run` embeds each of `texts`.

    Layers that narrow are left alone: after the activation function in the middle of a feed-forward layer a channel may
    be silent on all of `texts` and loud on another.
    """
    peaks, readers = _observe(module, run, texts)
    for source, layers in readers.items():
        weights = [layer.weight.detach().abs().amax(0).clamp(min=LEAST) for layer in layers]
        scale = (peaks[source].clamp(min=LEAST) / _largest(weights)).sqrt()
        for layer in layers:
            layer.weight.data *= scale
            _divide_input(layer, 1 / scale)


def _observe(
    module: nn.Module, run: Callable[[str], Any], texts: list[str]
) -> tuple[dict[nn.Linear, Tensor], dict[nn.Linear, list[nn.Linear]]]:
    """The largest value each input channel took, and who reads the same input (query, key and value do): both under the
    first layer that reads it, so that they are divided once."""
    from torch import nn

    peaks: dict[nn.Linear, Tensor] = {}
    first_reader: dict[nn.Linear, nn.Linear] = {}
    inputs: dict[int, tuple[Tensor, nn.Linear]] = {}  # by identity; the tensor is kept, so that no other gets its id

    def see(layer: nn.Linear, given: tuple[Tensor, ...]) -> None:
        _, first = inputs.setdefault(id(given[0]), (given[0], layer))
        first = first_reader.setdefault(layer, first)
        peaks[layer] = _largest([peaks[layer], _peak(given[0])]) if layer in peaks else _peak(given[0])

    layers = [layer for layer in module.modules() if isinstance(layer, nn.Linear)]
    hooks = [layer.register_forward_pre_hook(see) for layer in layers if layer.in_features <= layer.out_features]
    for text in texts:
        run(text)
        inputs.clear()
    for hook in hooks:
        hook.remove()
    readers: dict[nn.Linear, list[nn.Linear]] = {}
    for layer, first in first_reader.items():
        readers.setdefault(first, []).append(layer)
    return peaks, readers


def _peak(values: Tensor) -> Tensor:
    return values.detach().abs().reshape(-1, values.shape[-1]).amax(0)


def _largest(tensors: list[Tensor]) -> Tensor:
    import torch

    return torch.stack(tensors).amax(0)


def _divide_input(layer: nn.Linear, factor: Tensor) -> None:
    layer.register_forward_pre_hook(lambda _, given: (given[0] * factor, *given[1:]))
