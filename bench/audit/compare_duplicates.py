"""Looks for planted copies with imagededup, among the images that duplicates.ts wrote, and prints a table."""

import json
import sys
import warnings
from pathlib import Path

from imagededup.methods import DHash, PHash

warnings.filterwarnings("ignore")
folder = Path(sys.argv[1])
case = json.loads((folder / "pairs.json").read_text())
images = case["images"]
changes = sorted({image["change"] for image in images} - {""})


def pairs_of(method, distance):
    """Pairs at most so many bits apart; hashes are computed here, since the images lie in several folders."""
    encodings = {str(i): method.encode_image(image_file=image["path"]) for i, image in enumerate(images)}
    found = method.find_duplicates(encoding_map=encodings, max_distance_threshold=distance)
    return {(min(int(a), int(b)), max(int(a), int(b))) for a, others in found.items() for b in others}


def row(tool, pairs):
    found = {change: [] for change in changes}
    for i, image in enumerate(images):
        if image["change"]:
            found[image["change"]].append((min(i, image["origin"]), max(i, image["origin"])) in pairs)
    # Photos that were there before may be copies of each other: they are not counted.
    about = [(a, b) for a, b in pairs if images[a]["change"] or images[b]["change"]]
    right = sum(images[a]["origin"] == images[b]["origin"] for a, b in about)
    every = [hit for hits in found.values() for hit in hits]
    cells = [f"{sum(hits) / len(hits):.2f}" for hits in found.values()]
    return f"| {tool} | {sum(every) / len(every):.3f} | {right / max(1, len(about)):.3f} | {' | '.join(cells)} |"


print(f"\n| tool | recall | precision | {' | '.join(changes)} |")
print("| --- " * (3 + len(changes)) + "|")
print(row("ViTune", {tuple(pair) for pair in case["pairs"]}), flush=True)
for name, method in (("imagededup PHash", PHash(verbose=False)), ("imagededup DHash", DHash(verbose=False))):
    for distance in (10, 16):
        print(row(f"{name}, {distance} bits", pairs_of(method, distance)), flush=True)
