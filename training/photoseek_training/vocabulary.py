"""The words that the text encoder knows, and the tokenizer file that finds them in a phrase."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tokenizers import Regex, Tokenizer
from tokenizers.models import WordLevel
from tokenizers.normalizers import NFKD, Lowercase, Normalizer, Replace, StripAccents
from tokenizers.normalizers import Sequence as NormalizerSequence
from tokenizers.pre_tokenizers import WhitespaceSplit
from tokenizers.processors import TemplateProcessing

PADDING, UNKNOWN, START, END = "<pad>", "<unk>", "startseq", "endseq"
SPECIAL = (PADDING, UNKNOWN, START, END)
PADDING_ID, UNKNOWN_ID = 0, 1


@dataclass(frozen=True)
class Vocabulary:
    """Words in the order of their ids, the special tokens first.

    The first `learned` ids occur in training captions and have vectors to be learned; the others
    are known by their pretrained vectors alone.
    """

    words: tuple[str, ...]
    learned: int

    def __len__(self) -> int:
        return len(self.words)


def build_vocabulary(
    captions: Iterable[str],
    *,
    min_count: int = 1,
    extra_words: Sequence[str] = (),
    size: int | None = None,
) -> Vocabulary:
    """Words of the training captions, the most frequent first, then `extra_words` up to `size`.

    A word rarer than `min_count` gets no learned vector; with no extra words it is unknown.
    Give train captions only: a vocabulary that has seen dev or test flatters the measurement.
    """
    cleaner = caption_normalizer()
    counts = Counter(
        word for caption in captions for word in cleaner.normalize_str(caption).split()
    )
    for special in SPECIAL:
        counts.pop(special, None)
    ordered = sorted(counts, key=lambda word: (-counts[word], word))
    learned = [word for word in ordered if counts[word] >= min_count]
    words = dict.fromkeys((*SPECIAL, *learned))
    if extra_words:
        words.update(dict.fromkeys(ordered))
        for word in extra_words:
            if size is not None and len(words) >= size:
                break
            words.setdefault(word)
    return Vocabulary(tuple(words), len(SPECIAL) + len(learned))


def common_words(count: int) -> tuple[str, ...]:
    """The `count` most used English words that are written in letters alone (from wordfreq)."""
    from wordfreq import top_n_list  # loads its tables at import

    plain = (word for word in top_n_list("en", 2 * count) if word.isascii() and word.isalpha())
    return tuple(plain)[:count]


def caption_normalizer() -> Normalizer:
    """Lower case without accents, possessive 's dropped, every other non-letter a space.

    Letters joined for print (as in text pasted from a PDF file) and full-width ones become plain.
    """
    return NormalizerSequence(
        [
            NFKD(),
            Lowercase(),
            StripAccents(),
            Replace(Regex(r"['’]s\b"), ""),
            Replace(Regex(r"[^\p{L}]+"), " "),
        ]
    )


def build_tokenizer(vocabulary: Vocabulary, context_length: int) -> Tokenizer:
    """A tokenizer that yields `startseq` words `endseq`, truncated and padded on the right."""
    ids = {word: number for number, word in enumerate(vocabulary.words)}
    tokenizer = Tokenizer(WordLevel(ids, unk_token=UNKNOWN))
    tokenizer.normalizer = caption_normalizer()
    tokenizer.pre_tokenizer = WhitespaceSplit()
    tokenizer.post_processor = TemplateProcessing(
        single=f"{START} $A {END}", special_tokens=[(START, ids[START]), (END, ids[END])]
    )
    tokenizer.enable_truncation(context_length)
    tokenizer.enable_padding(pad_id=PADDING_ID, pad_token=PADDING)
    return tokenizer


def write_tokenizer(vocabulary: Vocabulary, context_length: int, path: Path) -> None:
    """Write `tokenizer.json`, which holds all that turns a phrase into ids."""
    build_tokenizer(vocabulary, context_length).save(str(path), pretty=False)
