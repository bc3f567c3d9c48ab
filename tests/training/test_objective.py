from __future__ import annotations

import torch
from torch import Tensor, nn

from photoseek_training.ensemble import members_apart, side_by_side
from photoseek_training.image_encoders import build_image_network
from photoseek_training.loss import (
    alike_targets,
    build_targets,
    contrastive_loss,
    matching_loss,
)
from photoseek_training.model import CaptionBatch, DualEncoder, ImageEncoder, PretrainedView
from photoseek_training.objective import Objective, class_losses, photo_losses
from photoseek_training.text_encoders import WordEmbedding, build_text_encoder

MEMBERS, DIM, PHOTOS, PHRASES, MEANING = 2, 8, 3, 5, 4


def _model(
    sentence: PretrainedView | None = None, clip: PretrainedView | None = None
) -> DualEncoder:
    words = WordEmbedding(10, 4, 10, None, 0.0)
    text = build_text_encoder("lstm", words, hidden=4, dim=DIM, members=MEMBERS)
    return DualEncoder(
        ImageEncoder(build_image_network("tiny"), DIM, MEMBERS), text, sentence, clip
    )


def _unit(rows: int, dim: int) -> Tensor:
    return nn.functional.normalize(torch.randn(rows, dim), dim=-1)


def _batch() -> tuple[CaptionBatch, Tensor, Tensor]:
    torch.manual_seed(0)
    photos, phrases = (
        side_by_side([_unit(rows, DIM // MEMBERS) for _ in range(MEMBERS)])
        for rows in (PHOTOS, PHRASES)
    )
    owner = torch.tensor([0, 0, 1, 2, 2])
    ids, lengths = torch.ones(PHRASES, 2, dtype=torch.int64), torch.full((PHRASES,), 2)
    return CaptionBatch(ids, lengths, owner, _unit(PHRASES, MEANING)), photos, phrases


def test_each_member_learns_from_its_own_rows() -> None:
    captions, photos, phrases = _batch()
    losses = Objective(softness=0.3).losses(_model(), captions, photos, phrases)
    targets = build_targets(captions.owner, PHOTOS, captions.meaning, 0.3)
    scale = torch.tensor(14.0)
    for loss, *own in zip(
        losses, members_apart(photos, MEMBERS), members_apart(phrases, MEMBERS), strict=True
    ):
        wanted = contrastive_loss(own[0], own[1], scale, targets.to_photo, targets.to_phrase)
        torch.testing.assert_close(loss, wanted)


def test_photos_and_phrases_learn_from_the_sentence_view_too() -> None:
    captions, photos, phrases = _batch()
    model = _model(PretrainedView(MEANING, DIM, MEMBERS))
    photos.requires_grad_()
    plain = Objective(sentence_view=0.0).losses(model, captions, photos, phrases)
    seen = Objective(sentence_view=0.5).losses(model, captions, photos, phrases)
    assert model.sentence is not None
    assert captions.meaning is not None
    view = members_apart(model.sentence(captions.meaning), MEMBERS)[1]
    own_photos, own_phrases = (members_apart(rows, MEMBERS)[1] for rows in (photos, phrases))
    targets = build_targets(captions.owner, PHOTOS)
    scale = torch.tensor(14.0)
    extra = contrastive_loss(own_photos, view, scale, targets.to_photo, targets.to_phrase)
    # Of the sentence vectors each phrase has one that is its own.
    extra = extra + contrastive_loss(
        view, own_phrases, scale, torch.eye(PHRASES), torch.eye(PHRASES)
    )
    torch.testing.assert_close(seen[1], plain[1] + 0.5 * extra)


def test_any_phrase_counts_for_photos_and_for_the_sentence_view() -> None:
    captions, photos, phrases = _batch()
    model = _model(PretrainedView(MEANING, DIM, MEMBERS))
    each, any_one = (
        Objective(sentence_view=1.0, any_phrase=share).losses(model, captions, photos, phrases)
        for share in (0.0, 1.0)
    )
    assert model.sentence is not None
    assert captions.meaning is not None
    view = model.sentence(captions.meaning)
    targets, scale = build_targets(captions.owner, PHOTOS), torch.tensor(14.0)
    own_photos, own_phrases, own_view = (
        members_apart(rows, MEMBERS)[0] for rows in (photos, phrases, view)
    )
    gained = [
        matching_loss(own_photos, others, scale, targets, 0.0)
        - matching_loss(own_photos, others, scale, targets, 1.0)
        for others in (own_phrases, own_view)
    ]
    torch.testing.assert_close(each[0] - any_one[0], gained[0] + gained[1])


def test_the_teacher_moves_the_targets() -> None:
    captions, photos, phrases = _batch()
    own = 14.0 * members_apart(phrases, MEMBERS)[0] @ members_apart(photos, MEMBERS)[0].T
    objective, model = Objective(), _model()
    alone, *_ = objective.losses(model, captions, photos, phrases)
    # Taught by itself alone, a member has its own entropy as its loss: the least there can be.
    taught, *_ = objective.losses(model, captions, photos, phrases, taught=own, distillation=1.0)
    entropy = [
        -(logits.softmax(-1) * logits.log_softmax(-1)).sum(-1).mean() for logits in (own, own.T)
    ]
    torch.testing.assert_close(taught, sum(entropy) / torch.tensor(2.0))
    assert alone > taught


def test_photos_and_phrases_learn_from_the_clip_view_too() -> None:
    captions, photos, phrases = _batch()
    seen = _unit(PHOTOS, MEANING)
    model = _model(clip=PretrainedView(MEANING, DIM, MEMBERS))
    plain, taught = (
        Objective(softness=0.3, clip_view=weight).losses(model, captions, photos, phrases, seen)
        for weight in (0.0, 0.5)
    )
    assert model.clip is not None
    view = members_apart(model.clip(seen), MEMBERS)[1]
    own_photos, own_phrases = (members_apart(rows, MEMBERS)[1] for rows in (photos, phrases))
    targets = build_targets(captions.owner, PHOTOS, captions.meaning, 0.3)
    alike, scale = alike_targets(seen, 0.3), torch.tensor(14.0)
    extra = contrastive_loss(view, own_phrases, scale, targets.to_photo, targets.to_phrase)
    extra = extra + contrastive_loss(own_photos, view, scale, alike, alike)
    torch.testing.assert_close(taught[1], plain[1] + 0.5 * extra)


def test_the_clip_view_moves_the_targets() -> None:
    captions, _, phrases = _batch()
    seen = _unit(PHOTOS, MEANING)
    model = _model(clip=PretrainedView(MEANING, DIM, MEMBERS))
    assert model.clip is not None
    photos = model.clip(seen).detach()
    alone, *_ = Objective().losses(model, captions, photos, phrases, seen)
    taught = Objective().losses(model, captions, photos, phrases, seen, distillation=1.0)
    # All members together ask for these shares; one that has them cannot lower its loss.
    logits = 14.0 * phrases @ photos.T
    by_member = [
        14.0 * each @ other.T
        for each, other in zip(
            members_apart(phrases, MEMBERS), members_apart(photos, MEMBERS), strict=True
        )
    ]
    for loss, own in zip(taught, by_member, strict=True):
        halves = [
            -(wanted.softmax(-1) * found.log_softmax(-1)).sum(-1).mean()
            for wanted, found in ((logits, own), (logits.T, own.T))
        ]
        torch.testing.assert_close(loss, (halves[0] + halves[1]) / 2)
    assert alone > taught[0]


def test_photos_and_names_of_classes_find_each_other_in_the_shares_given() -> None:
    _, photos, names = _batch()
    scale = torch.tensor(14.0)
    own = [members_apart(rows, MEMBERS)[0] for rows in (photos, names)]
    shares = (scale * own[0] @ own[1].T).softmax(-1)
    loss, other = class_losses(_model(), photos, names, shares)
    # A member whose photos have just these shares cannot lower the half that asks for them.
    entropy = -(shares * shares.log()).sum(-1).mean()
    by_name = (scale * own[1] @ own[0].T).log_softmax(-1)
    wanted = shares.T / shares.T.sum(-1, keepdim=True)
    torch.testing.assert_close(loss, (entropy - (wanted * by_name).sum(-1).mean()) / 2)
    assert other > loss


def test_photos_alone_learn_to_lie_where_the_clip_view_does() -> None:
    _, photos, _ = _batch()
    seen = _unit(PHOTOS, MEANING)
    model = _model(clip=PretrainedView(MEANING, DIM, MEMBERS))
    assert model.clip is not None
    there = model.clip(seen).detach().requires_grad_()
    photos.requires_grad_()
    losses, least = (photo_losses(model, rows, seen) for rows in (photos, there))
    for loss, smallest in zip(losses, least, strict=True):
        assert loss > smallest
    torch.autograd.backward([*losses, *least])
    assert photos.grad is not None
    assert there.grad is not None
    # Along the sphere there is nowhere better to go from there.
    along = [members_apart(rows, MEMBERS) for rows in (there.grad, there)]
    for gradient, row in zip(*along, strict=True):
        row = nn.functional.normalize(row, dim=-1)
        across = gradient - (gradient * row).sum(-1, keepdim=True) * row
        assert across.abs().max() < 1e-5
    assert all(value.grad is None for value in model.clip.parameters())
