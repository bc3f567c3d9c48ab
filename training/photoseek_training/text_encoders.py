"""Text encoders by name: word vectors, read in order or as a bag, become one vector a phrase."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from photoseek_training.ensemble import side_by_side
from photoseek_training.errors import ModelChoiceError
from photoseek_training.vocabulary import PADDING_ID, SPECIAL, UNKNOWN_ID

CHUNK = 128
"""Captions a CPU encodes at a time, sorted by length: long ones would pad the short ones.

A GPU takes as long for a few as for all.
"""


@dataclass(frozen=True)
class RecurrentShape:
    """Layers of a recurrent text encoder, and whether it also reads from the end."""

    layers: int
    both_ways: bool


RECURRENT_SHAPES = {
    "lstm": RecurrentShape(1, both_ways=False),
    "bilstm": RecurrentShape(1, both_ways=True),
    "multilayer-bilstm": RecurrentShape(2, both_ways=True),
}
BAG_OF_WORDS = "bag-of-words"
TEXT_ENCODERS = (*RECURRENT_SHAPES, BAG_OF_WORDS)


class WordEmbedding(nn.Module):
    """A fixed vector for each word plus a learned one for words seen in training captions.

    Without fixed vectors it is an ordinary embedding. In training, `dropping` of the words are
    read as unknown words.
    """

    base: Tensor

    def __init__(
        self, words: int, dim: int, learned: int, base: Tensor | None, dropping: float
    ) -> None:
        super().__init__()
        self.dim, self._learned, self._dropping = dim, learned, dropping
        self.correction = nn.Embedding(learned, dim, padding_idx=PADDING_ID)
        if base is not None:
            nn.init.zeros_(self.correction.weight)
        else:
            nn.init.normal_(self.correction.weight, std=0.35)
            with torch.no_grad():
                self.correction.weight[PADDING_ID].zero_()
        fixed = torch.zeros(words, dim) if base is None else base
        # Not in the state: it is made again from the pretrained vectors, and it is large.
        self.register_buffer("base", fixed, persistent=False)

    def forward(self, ids: Tensor) -> Tensor:
        """Ids (n, t) int64 to vectors (n, t, dim)."""
        ids = self.drop_words(ids)
        known = torch.where(ids < self._learned, ids, PADDING_ID)
        vectors: Tensor = self.base[ids] + self.correction(known)
        return vectors

    def drop_words(self, ids: Tensor) -> Tensor:
        """In training, the ids with the dropped words unknown."""
        if not (self.training and self._dropping):
            return ids
        dropped = torch.rand(ids.shape, device=ids.device) < self._dropping
        return torch.where(dropped & (ids != PADDING_ID), UNKNOWN_ID, ids)

    def table(self) -> Tensor:
        """One row (dim) for each word, as it is used."""
        table = self.base.clone()
        table[: self._learned] += self.correction.weight
        return table

    @torch.no_grad()
    def replace_table(self, table: Tensor) -> None:
        """Use exactly these rows from now on."""
        self.base.copy_(table)
        self.correction.weight.zero_()


class RecurrentMember(nn.Module):
    """Ids (n, t) and lengths (n,) to unit rows (n, dim): LSTM, maximum over time, linear.

    The layers of one direction each are plain LSTMs; the backward ones are given each phrase
    reversed within its own length. That equals packed sequences, at a third of their time.
    """

    def __init__(
        self, word_dim: int, shape: RecurrentShape, hidden: int, dim: int, dropout: float
    ) -> None:
        super().__init__()
        ways = 2 if shape.both_ways else 1
        self.forward_layers, self.backward_layers = nn.ModuleList(), nn.ModuleList()
        for layer in range(shape.layers):
            inputs = word_dim if layer == 0 else ways * hidden
            self.forward_layers.append(nn.LSTM(inputs, hidden, batch_first=True))
            if shape.both_ways:
                self.backward_layers.append(nn.LSTM(inputs, hidden, batch_first=True))
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(ways * hidden, dim)

    def forward(self, words: WordEmbedding, ids: Tensor, lengths: Tensor) -> Tensor:
        """Any padding after a phrase's length leaves its row as it is."""
        order = torch.argsort(lengths)
        chunk = CHUNK if ids.device.type == "cpu" else len(ids)
        rows = [
            self._encode(words(ids[chosen, : int(lengths[chosen[-1]])]), lengths[chosen])
            for chosen in torch.split(order, chunk)
        ]
        return torch.cat(rows)[torch.argsort(order)]

    def _encode(self, states: Tensor, lengths: Tensor) -> Tensor:
        steps = torch.arange(states.shape[1], device=states.device)
        # Within its length a phrase is reversed; its padding stays where it is.
        mirror = torch.where(steps < lengths[:, None], lengths[:, None] - 1 - steps, steps)
        for layer, onward in enumerate(self.forward_layers):
            outputs = [onward(states)[0]]
            if self.backward_layers:
                reverse = _reorder(states, mirror)
                outputs.append(_reorder(self.backward_layers[layer](reverse)[0], mirror))
            states = self.dropout(torch.cat(outputs, dim=-1))
        padding = steps >= lengths[:, None]
        peaks = states.masked_fill(padding[..., None], float("-inf")).amax(dim=1)
        return functional.normalize(self.head(peaks).float(), dim=-1)


class BagOfWordsMember(nn.Module):
    """Ids (n, t) and lengths (n,) to unit rows (n, dim): which words occur, linear.

    Each word of the vocabulary is a binary column, however often and wherever it occurs; padding,
    unknown words and the marks of start and end have none.
    """

    def __init__(self, word_dim: int, dim: int, dropout: float) -> None:
        super().__init__()
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(word_dim, dim)

    def forward(self, words: WordEmbedding, ids: Tensor, lengths: Tensor) -> Tensor:
        """Any padding after a phrase's length leaves its row as it is."""
        steps = torch.arange(ids.shape[1], device=ids.device)
        ids = words.drop_words(ids).masked_fill(steps >= lengths[:, None], PADDING_ID)
        table = words.table()
        columns = table.new_zeros(len(ids), len(table)).scatter_(1, ids, 1.0)
        vectors = columns[:, len(SPECIAL) :] @ table[len(SPECIAL) :]
        return functional.normalize(self.head(self.dropout(vectors)).float(), dim=-1)


TextMember = RecurrentMember | BagOfWordsMember


class TextEncoder(nn.Module):
    """Ids (n, t) and lengths (n,) to unit rows (n, dim); the members have their words in common."""

    members: Sequence[TextMember]

    def __init__(self, embedding: WordEmbedding, members: Sequence[TextMember]) -> None:
        super().__init__()
        self.embedding = embedding
        self.members = nn.ModuleList(members)  # type: ignore[assignment]  # it is not generic
        self.dim = sum(member.head.out_features for member in members)

    def forward(self, ids: Tensor, lengths: Tensor) -> Tensor:
        """Any padding after a phrase's length leaves its row as it is."""
        return side_by_side([member(self.embedding, ids, lengths) for member in self.members])


def build_text_encoder(
    name: str,
    embedding: WordEmbedding,
    *,
    hidden: int,
    dim: int,
    members: int = 1,
    dropout: float = 0.0,
) -> TextEncoder:
    """The named text encoder; ModelChoiceError lists the names there are."""

    def member() -> TextMember:
        if name == BAG_OF_WORDS:
            return BagOfWordsMember(embedding.dim, dim // members, dropout)
        shape = RECURRENT_SHAPES[name]
        return RecurrentMember(embedding.dim, shape, hidden, dim // members, dropout)

    if name not in TEXT_ENCODERS:
        raise ModelChoiceError(
            f"no text encoder is called {name!r}: choose one of {', '.join(TEXT_ENCODERS)}"
        )
    return TextEncoder(embedding, [member() for _ in range(members)])


def _reorder(states: Tensor, steps: Tensor) -> Tensor:
    return states.gather(1, steps[..., None].expand_as(states))
