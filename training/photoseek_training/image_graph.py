"""Writes the image encoder's ONNX graph."""

import warnings
from pathlib import Path

import onnx
import torch
from torch import nn
from torch.jit._trace import TracerWarning

from photoseek.manifest import ImageInput
from photoseek_training.graph_writer import OPSET, store_small


def write_image_graph(encoder: nn.Module, spec: ImageInput, path: Path) -> None:
    """Pixels (n, size, size, 3) uint8 to unit rows (n, dim), the arithmetic in the graph."""
    encoder.eval()
    example = torch.zeros((2, spec.size, spec.size, 3), dtype=torch.uint8)
    with warnings.catch_warnings():
        # The TorchScript exporter is deprecated; its successor needs two more packages. The padding
        # of EfficientNet-Lite depends on sides that are fixed, which tracing warns about.
        warnings.simplefilter("ignore", DeprecationWarning)
        warnings.simplefilter("ignore", TracerWarning)
        warnings.filterwarnings("ignore", "Constant folding", UserWarning)
        # Unfolded, so that the stored weights are the model's own and are rounded as they are.
        torch.onnx.export(
            encoder,
            (example,),
            path,
            dynamo=False,
            opset_version=OPSET,
            input_names=[spec.input_name],
            output_names=["embedding"],
            dynamic_axes={spec.input_name: {0: "n"}, "embedding": {0: "n"}},
            do_constant_folding=False,
            training=torch.onnx.TrainingMode.PRESERVE,
        )
    graph = onnx.load(path)
    store_small(graph)
    onnx.checker.check_model(graph)
    path.write_bytes(graph.SerializeToString())
