from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from photoseek.manifest import TextInput
from photoseek_training.ensemble import members_apart
from photoseek_training.errors import ModelChoiceError
from photoseek_training.rounding import round_weights
from photoseek_training.text_encoders import (
    RECURRENT_SHAPES,
    TEXT_ENCODERS,
    BagOfWordsMember,
    RecurrentMember,
    TextEncoder,
    WordEmbedding,
    build_text_encoder,
)
from photoseek_training.text_graph import write_text_graph

LENGTHS = torch.tensor([5, 1, 9, 3, 9, 2])


def _encoder(name: str, members: int = 1) -> TextEncoder:
    torch.manual_seed(0)
    embedding = WordEmbedding(20, 6, 20, None, 0.0)
    return build_text_encoder(name, embedding, hidden=7, dim=4 * members, members=members).eval()


def _ids() -> torch.Tensor:
    ids = torch.randint(1, 20, (6, 9), generator=torch.Generator().manual_seed(1))
    return ids.masked_fill(torch.arange(9) >= LENGTHS[:, None], 0)


@pytest.mark.parametrize("name", RECURRENT_SHAPES)
def test_every_encoder_equals_packed_sequences(name: str) -> None:
    encoder, shape = _encoder(name), RECURRENT_SHAPES[name]
    (member,) = encoder.members
    assert isinstance(member, RecurrentMember)
    packed = nn.LSTM(6, 7, shape.layers, bidirectional=shape.both_ways, batch_first=True)
    for layer in range(shape.layers):
        ways = [member.forward_layers[layer], *member.backward_layers[layer : layer + 1]]
        for way, suffix in zip(ways, ("", "_reverse"), strict=False):
            for kind in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"):
                value = way.get_parameter(f"{kind}_l0")
                packed.get_parameter(f"{kind}_l{layer}{suffix}").data.copy_(value)
    words = nn.utils.rnn.pack_padded_sequence(
        encoder.embedding(_ids()), LENGTHS, batch_first=True, enforce_sorted=False
    )
    states, _ = nn.utils.rnn.pad_packed_sequence(
        packed(words)[0], batch_first=True, padding_value=float("-inf")
    )
    rows = nn.functional.normalize(member.head(states.amax(1)), dim=-1)
    torch.testing.assert_close(encoder(_ids(), LENGTHS), rows)


def test_padding_and_neighbours_leave_a_phrase_as_it_is() -> None:
    encoder, ids = _encoder("multilayer-bilstm"), _ids()
    together = encoder(ids, LENGTHS)
    for row, length in enumerate(LENGTHS.tolist()):
        alone = encoder(ids[row : row + 1, :length], LENGTHS[row : row + 1])
        torch.testing.assert_close(together[row], alone[0])


def test_words_without_a_learned_vector_keep_their_pretrained_one() -> None:
    base = torch.randn(10, 6)
    embedding = WordEmbedding(10, 6, 4, base, 0.0)
    embedding.correction.weight.data[1:].normal_()
    vectors = embedding(torch.arange(10)[None])[0]
    torch.testing.assert_close(vectors[4:], base[4:])
    assert not torch.allclose(vectors[1:4], base[1:4])
    torch.testing.assert_close(embedding.table(), vectors)


def test_a_bag_of_words_is_the_linear_map_of_the_words_that_occur() -> None:
    encoder, ids = _encoder("bag-of-words"), _ids()
    (member,) = encoder.members
    assert isinstance(member, BagOfWordsMember)
    table = encoder.embedding.table()
    for row, length in zip(ids, LENGTHS.tolist(), strict=True):
        words = {word for word in row[:length].tolist() if word >= 4}  # the first four are marks
        total = sum((table[word] for word in words), torch.zeros(6))
        expected = nn.functional.normalize(member.head(total), dim=-1)
        torch.testing.assert_close(encoder(row[None], torch.tensor([length]))[0], expected)


def test_a_bag_of_words_knows_neither_order_nor_count_nor_what_follows() -> None:
    encoder = _encoder("bag-of-words")
    ids = torch.tensor([[2, 7, 9, 3, 0, 0], [2, 9, 7, 7, 9, 3], [2, 7, 9, 3, 11, 12]])
    rows = encoder(ids, torch.tensor([4, 6, 4]))
    torch.testing.assert_close(rows[1], rows[0])
    torch.testing.assert_close(rows[2], rows[0])


@pytest.mark.parametrize("members", [1, 3])
@pytest.mark.parametrize("name", TEXT_ENCODERS)
def test_exported_encoders_compute_the_same_on_ragged_phrases(
    tmp_path: Path, name: str, members: int
) -> None:
    import onnxruntime

    encoder, ids = _encoder(name, members), _ids()
    round_weights(encoder)
    write_text_graph(encoder, TextInput(9, "ids", "int64", "lengths"), tmp_path / "text.onnx")
    session = onnxruntime.InferenceSession(str(tmp_path / "text.onnx"))
    rows = session.run(None, {"ids": ids.numpy(), "lengths": LENGTHS.numpy()})[0]
    with torch.inference_mode():
        np.testing.assert_allclose(rows, encoder(ids, LENGTHS).numpy(), atol=1e-6)


def test_members_stand_side_by_side_and_have_their_say_in_equal_parts() -> None:
    encoder, ids = _encoder("bilstm", members=3), _ids()
    rows = encoder(ids, LENGTHS)
    assert rows.shape == (6, 12)
    torch.testing.assert_close(rows.norm(dim=-1), torch.ones(6))
    apart = members_apart(rows, 3)
    alone = [member(encoder.embedding, ids, LENGTHS) for member in encoder.members]
    for one, other in zip(apart, alone, strict=True):
        torch.testing.assert_close(one, other)
    torch.testing.assert_close(rows @ rows.T, sum(one @ one.T for one in alone) / 3)


def test_an_unknown_name_lists_the_names() -> None:
    with pytest.raises(ModelChoiceError, match="choose one of lstm, bilstm, multilayer-"):
        build_text_encoder("gru", WordEmbedding(4, 2, 4, None, 0.0), hidden=2, dim=2)
