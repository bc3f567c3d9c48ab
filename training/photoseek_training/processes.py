"""The processes of one run, started by `torchrun`: each embeds its share of every batch."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

import torch
import torch.distributed
from torch import Tensor, nn

_PATIENCE = timedelta(hours=6)
"""How long the others wait for the first, which decodes all photos before they read them."""


@dataclass(frozen=True)
class Processes:
    """This is process `rank` of `count`; they all take the same steps, with equal weights."""

    rank: int = 0
    count: int = 1

    @property
    def is_first(self) -> bool:
        """Whether this is the one that reports and writes files."""
        return self.rank == 0

    def share(self, items: int) -> slice:
        """Which of a batch's items are this process's own."""
        return slice(items * self.rank // self.count, items * (self.rank + 1) // self.count)

    def gather(self, own: Tensor, share: slice, items: int) -> Tensor:
        """All processes' rows (items, dim), of which `share` are this one's: its gradients too."""
        if self.count == 1:
            return own
        rows = own.new_zeros(items, own.shape[1])
        rows[share] = own.detach()
        torch.distributed.all_reduce(rows)
        rows[share] = own
        # Each process has the whole loss and its own rows' part of the gradient: the mean of those
        # would be the gradient's `count`-th part.
        if own.requires_grad:
            own.register_hook(lambda gradient: gradient * self.count)  # type: ignore[no-untyped-call]
        return rows

    def average_gradients(self, parameters: Iterable[nn.Parameter]) -> None:
        """Make the gradients those of the whole batch, in every process."""
        if self.count == 1:
            return
        for parameter in parameters:
            if parameter.grad is not None:
                torch.distributed.all_reduce(parameter.grad)
                parameter.grad /= self.count

    def wait(self) -> None:
        """Go on when all processes are here."""
        if self.count > 1:
            torch.distributed.barrier()

    @contextmanager
    def first_alone(self) -> Iterator[None]:
        """Run the block in the first process, then in the others, which find its files."""
        if not self.is_first:
            self.wait()
        yield
        if self.is_first:
            self.wait()


@contextmanager
def join_processes(device: torch.device) -> Iterator[Processes]:
    """The processes that `torchrun` started, or this one alone."""
    if not torch.distributed.is_torchelastic_launched():
        yield Processes()
        return
    if device.type == "cuda":
        torch.cuda.set_device(device)
    torch.distributed.init_process_group(
        "nccl" if device.type == "cuda" else "gloo", timeout=_PATIENCE
    )
    try:
        yield Processes(torch.distributed.get_rank(), torch.distributed.get_world_size())
    finally:
        torch.distributed.destroy_process_group()
