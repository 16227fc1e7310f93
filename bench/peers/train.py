"""The peer's side of whole trainings: the same images, order, weights and schedule as ours. Prints one JSON line.

    python train.py MODEL_FOLDER PLAN.json --method head|cached|lora [--precision fp32|bf16] [--epochs N] [--learning-rate R] [--workers N] [--threads N] [--begun SECONDS]

`head` and `lora` are transformers' Trainer with a frozen body or PEFT's adapters, with evaluation and checkpoint after each epoch; `cached` computes the
features of each image once in PyTorch and trains the linear head on them. Images are decoded by Pillow in worker processes while the model trains. The
plan is what bench/plan.ts prints.
"""

import argparse
import json
import math
import tempfile
import time

import numpy
import peft
import torch
import transformers
from memory import peak_rss_mb
from PIL import Image
from torch.utils.data import DataLoader, Dataset, Sampler
from transformers import Trainer, TrainerCallback, TrainingArguments, ViTForImageClassification, ViTImageProcessor

BATCH = 16
WARMUP = 0.1
WEIGHT_DECAY = 0.01


class Images(Dataset):
    """Images as the model's processor resizes them, uint8; the batch is normalised as a whole."""

    def __init__(self, pairs: list, processor: ViTImageProcessor) -> None:
        self.pairs = pairs
        self.size = (processor.size["width"], processor.size["height"])
        self.resample = processor.resample
        self.mean = torch.tensor(processor.image_mean).view(1, 3, 1, 1)
        self.std = torch.tensor(processor.image_std).view(1, 3, 1, 1)

    def __len__(self) -> int:
        return len(self.pairs)

    def __getitem__(self, i: int) -> tuple:
        path, label = self.pairs[i]
        with Image.open(path) as image:
            pixels = numpy.asarray(image.convert("RGB").resize(self.size, self.resample))
        return torch.from_numpy(pixels.copy()), label

    def collate(self, items: list) -> dict:
        images = torch.stack([pixels for pixels, _ in items]).permute(0, 3, 1, 2).float().div_(255)
        return {"pixel_values": images.sub_(self.mean).div_(self.std), "labels": torch.tensor([label for _, label in items])}


class Planned(Sampler):
    """The order of our run's epochs, one after the other."""

    def __init__(self, orders: list) -> None:
        self.orders = iter(orders)
        self.count = len(orders[0])

    def __len__(self) -> int:
        return self.count

    def __iter__(self):
        return iter(next(self.orders))


class Epochs(TrainerCallback):
    """Records the end of each epoch, with its evaluation and checkpoint."""

    def __init__(self) -> None:
        self.ends = []

    def on_epoch_begin(self, *_, **__) -> None:
        self.ends.append(time.perf_counter())

    def on_train_end(self, *_, **__) -> None:
        self.ends.append(time.perf_counter())

    @property
    def seconds(self) -> list:
        return [end - begin for begin, end in zip(self.ends, self.ends[1:])]


def accuracy(logits, labels) -> float:
    return float((logits.argmax(-1) == labels).mean())


def with_trainer(model, plan: dict, train: Images, validation: Images, args: argparse.Namespace) -> tuple:
    class PlannedTrainer(Trainer):
        def _get_train_sampler(self, *_):
            return Planned(plan["orders"])

    epochs = Epochs()
    with tempfile.TemporaryDirectory() as folder:
        trainer = PlannedTrainer(
            model=model,
            args=TrainingArguments(
                output_dir=folder,
                num_train_epochs=args.epochs,
                per_device_train_batch_size=BATCH,
                per_device_eval_batch_size=BATCH,
                learning_rate=args.learning_rate,
                lr_scheduler_type="cosine",
                warmup_ratio=WARMUP,
                weight_decay=WEIGHT_DECAY,
                max_grad_norm=1.0,
                bf16=args.precision == "bf16",
                use_cpu=True,
                dataloader_num_workers=args.workers,
                dataloader_persistent_workers=args.workers > 0,
                dataloader_pin_memory=False,
                eval_strategy="epoch",
                save_strategy="epoch",
                logging_strategy="epoch",
                save_total_limit=2,
                load_best_model_at_end=True,
                metric_for_best_model="accuracy",
                label_names=["labels"],
                remove_unused_columns=False,
                report_to="none",
                disable_tqdm=True,
            ),
            train_dataset=train,
            eval_dataset=validation,
            data_collator=train.collate,
            compute_metrics=lambda results: {"accuracy": accuracy(results.predictions, results.label_ids)},
            callbacks=[epochs],
        )
        trainer.train()
        history = [record["eval_accuracy"] for record in trainer.state.log_history if "eval_accuracy" in record]
    return history, epochs.seconds


def with_cached_features(model, plan: dict, train: Images, validation: Images, args: argparse.Namespace) -> tuple:
    def extract(images: Images) -> tuple:
        loader = DataLoader(images, BATCH, collate_fn=images.collate, num_workers=args.workers)
        features, labels = [], []
        with torch.inference_mode(), torch.autocast("cpu", dtype=torch.bfloat16, enabled=args.precision == "bf16"):
            for batch in loader:
                features.append(model.vit(pixel_values=batch["pixel_values"]).last_hidden_state[:, 0].float())
                labels.append(batch["labels"])
        return torch.cat(features).clone(), torch.cat(labels)

    model.eval()
    features, labels = extract(train)
    held_features, held_labels = extract(validation)
    head = model.classifier
    decayed = [{"params": [head.weight], "weight_decay": WEIGHT_DECAY}, {"params": [head.bias], "weight_decay": 0.0}]
    optimizer = torch.optim.AdamW(decayed, lr=args.learning_rate)
    steps = args.epochs * math.ceil(len(labels) / BATCH)
    schedule = transformers.get_cosine_schedule_with_warmup(optimizer, math.ceil(WARMUP * steps), steps)
    history, seconds = [], []
    with tempfile.TemporaryDirectory() as folder:
        for order in plan["orders"][: args.epochs]:
            begin = time.perf_counter()
            for chosen in torch.tensor(order).split(BATCH):
                torch.nn.functional.cross_entropy(head(features[chosen]), labels[chosen]).backward()
                torch.nn.utils.clip_grad_norm_(head.parameters(), 1.0)
                optimizer.step()
                schedule.step()
                optimizer.zero_grad()
            with torch.inference_mode():
                history.append(accuracy(head(held_features).numpy(), held_labels.numpy()))
            if history[-1] == max(history):
                torch.save(head.state_dict(), f"{folder}/best.pt")
            seconds.append(time.perf_counter() - begin)
    return history, seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("plan")
    parser.add_argument("--method", choices=["head", "cached", "lora"], required=True)
    parser.add_argument("--precision", choices=["fp32", "bf16"], default="fp32")
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--learning-rate", type=float, default=1e-3)
    parser.add_argument("--rank", type=int, default=8)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--begun", type=float, default=time.time(), help="start of the command, in seconds since 1970")
    args = parser.parse_args()

    torch.set_num_threads(args.threads)
    torch.manual_seed(1)
    with open(args.plan, encoding="utf8") as file:
        plan = json.load(file)
    processor = ViTImageProcessor.from_pretrained(args.model)
    train, validation = (Images(plan[split], processor) for split in ("train", "validation"))
    model = ViTForImageClassification.from_pretrained(args.model)
    if args.method == "lora":
        config = peft.LoraConfig(r=args.rank, lora_alpha=2 * args.rank, target_modules=["query", "value"], modules_to_save=["classifier"])
        model = peft.get_peft_model(model, config)
    else:
        model.vit.requires_grad_(False)
    learn = with_cached_features if args.method == "cached" else with_trainer
    history, seconds = learn(model, plan, train, validation, args)
    print(json.dumps({
        "trained": time.time() - args.begun,
        "accuracy": max(history),
        "history": history,
        "epoch_seconds": seconds,
        "peak_rss_mb": peak_rss_mb(),
        "versions": {"torch": torch.__version__, "transformers": transformers.__version__, "peft": peft.__version__},
    }))


if __name__ == "__main__":
    main()
