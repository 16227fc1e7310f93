"""Writes the golden numbers: tiny random ViT and DeiT models, what PyTorch answers, and how it trains them with PEFT.

    python make.py      remakes everything beside this file (versions: requirements.txt; what each file is: README.md)
"""

import json
import shutil
from pathlib import Path
from typing import Callable, NamedTuple

import numpy as np
import peft
import torch
import transformers
from PIL import Image
from safetensors.torch import save_file
from transformers import (
    DeiTConfig,
    DeiTForImageClassification,
    DeiTForImageClassificationWithTeacher,
    DeiTImageProcessor,
    Trainer,
    ViTConfig,
    ViTForImageClassification,
    ViTImageProcessor,
    get_cosine_schedule_with_warmup,
)

HERE = Path(__file__).resolve().parent
LABELS = ["apple", "birch", "cloud", "dune", "ember"]
SIZE = 32
LARGER = 48
PICTURES = 16
STEPS = 20
WARMUP_STEPS = 4
BATCH = 4
LORA_RANK = 4
LORA_ALPHA = 8
MAX_GRAD_NORM = 1.0

CONFIG = dict(
    image_size=SIZE,
    patch_size=8,
    hidden_size=48,
    num_attention_heads=3,
    num_hidden_layers=3,
    intermediate_size=96,
    id2label=dict(enumerate(LABELS)),
    label2id={label: i for i, label in enumerate(LABELS)},
    # Written out, so that every number below belongs to one and the same arithmetic.
    attn_implementation="eager",
)

MODELS = {
    "vit": (ViTForImageClassification, ViTConfig, dict(size={"height": SIZE, "width": SIZE})),
    "deit": (DeiTForImageClassification, DeiTConfig, dict(size={"height": 36, "width": 36}, crop_size={"height": SIZE, "width": SIZE})),
    "deit-teacher": (
        DeiTForImageClassificationWithTeacher,
        DeiTConfig,
        dict(size={"height": 36, "width": 36}, crop_size={"height": SIZE, "width": SIZE}),
    ),
}



class Curve(NamedTuple):
    method: str
    rate: float
    smoothing: float = 0.0
    micro_batches: int = 1
    weight_decay: float = 0.01
    muon: bool = False


CURVES = {
    "vit": {
        "head": Curve("head", 2e-2),
        "lora": Curve("lora", 1e-2),
        "full": Curve("full", 1e-3),
        "full-label-smoothing": Curve("full", 1e-3, smoothing=0.1),
        # So strong a decay that the losses tell which parameters it is applied to.
        "full-weight-decay": Curve("full", 1e-3, weight_decay=5.0),
        "full-muon": Curve("full", 1e-3, muon=True),
        "lora-accumulation": Curve("lora", 1e-2, micro_batches=2),
    },
    "deit": {"lora": Curve("lora", 1e-2), "full": Curve("full", 1e-3)},
    # transformers leaves this class's loss undefined; here it is the cross-entropy of `logits`, the mean of both heads.
    "deit-teacher": {"full": Curve("full", 1e-3)},
}

# What is stored of a model after a `full` curve; a whole one would be 0.2 MB each.
KEPT = ["cls_token", "position_embeddings", "layer.1.attention.attention.query.weight", "layer.2.output.dense.bias", "layernorm.weight", "classifier"]


def make_images() -> tuple[np.ndarray, list[int]]:
    """Images [PICTURES, SIZE, SIZE, 3] uint8 with stripes whose direction and colour depend on the class."""
    rng = np.random.Generator(np.random.PCG64(7))
    truth = [int(i) for i in rng.permutation(np.arange(PICTURES) % len(LABELS))]
    y, x = np.mgrid[0:SIZE, 0:SIZE] / SIZE
    images = []
    for label in truth:
        angle = np.pi * (label + rng.uniform(-0.3, 0.3)) / len(LABELS)
        stripes = np.sin(2 * np.pi * (3 * (np.cos(angle) * x + np.sin(angle) * y) + rng.uniform()))
        colour = 128 + 70 * np.cos(2 * np.pi * (label / len(LABELS) + np.arange(3) / 3))
        image = colour + 45 * stripes[..., None] + rng.normal(0, 25, (SIZE, SIZE, 3))
        images.append(np.clip(np.rint(image), 0, 255).astype(np.uint8))
    return np.stack(images), truth


def make_model(name: str) -> None:
    """Saves a model whose every tensor matters: biases, layer norms and tokens are non-trivial, logits are far apart."""
    model_class, config_class, processing = MODELS[name]
    model = model_class(config_class(**CONFIG))
    generator = torch.Generator().manual_seed(11)

    def normal(tensor: torch.Tensor, deviation: float, mean: float = 0.0) -> None:
        tensor.copy_(mean + deviation * torch.randn(tensor.shape, generator=generator))

    with torch.no_grad():
        for key, tensor in model.named_parameters():
            if "layernorm" in key:
                normal(tensor, 0.2, 1.0 if key.endswith("weight") else 0.0)
            elif key.endswith("bias"):
                normal(tensor, 0.1)
            elif "token" in key or "position" in key:
                normal(tensor, 0.3)
            else:
                normal(tensor, tensor[0].numel() ** -0.5)
    folder = HERE / "models" / name
    model.save_pretrained(folder)
    processor = ViTImageProcessor if name == "vit" else DeiTImageProcessor
    statistics = dict(image_mean=[0.485, 0.456, 0.406], image_std=[0.229, 0.224, 0.225]) if name != "vit" else {}
    processor(**processing, **statistics).save_pretrained(folder)


def pixel_values(name: str, images: np.ndarray) -> torch.Tensor:
    """[N, 3, SIZE, SIZE] float32, rescaled and normalised in float64 by the model's own preprocessor_config.json."""
    spec = json.loads((HERE / "models" / name / "preprocessor_config.json").read_text())
    scaled = images.astype(np.float64) * spec["rescale_factor"]
    normal = (scaled - np.array(spec["image_mean"])) / np.array(spec["image_std"])
    return torch.from_numpy(normal.transpose(0, 3, 1, 2).astype(np.float32))


def load(name: str) -> torch.nn.Module:
    return MODELS[name][0].from_pretrained(HERE / "models" / name, attn_implementation="eager")


def backbone(model: torch.nn.Module) -> torch.nn.Module:
    return getattr(model, model.base_model_prefix)


def answers(name: str, images: np.ndarray) -> list[list[float]]:
    """Logits of all images; what the first four look like inside goes to NAME.safetensors."""
    model = load(name).eval()
    pixels = pixel_values(name, images)
    with torch.no_grad():
        output = model(pixels, output_hidden_states=True)
        normed = backbone(model)(pixels).last_hidden_state
    kept = {f"hidden_states.{i}": state[:4].contiguous() for i, state in enumerate(output.hidden_states)}
    kept["last_hidden_state"] = normed[:4].contiguous()
    kept["pixel_values"] = pixels[:1].contiguous()
    save_file(kept, HERE / f"{name}.safetensors")
    return output.logits.tolist()


def answers_when_larger(name: str, images: np.ndarray) -> dict:
    """Logits at another size than the model's own: images repeated to LARGER, position embeddings interpolated."""
    repeated = np.pad(images, ((0, 0), (0, LARGER - SIZE), (0, LARGER - SIZE), (0, 0)), mode="wrap")
    with torch.no_grad():
        logits = load(name).eval()(pixel_values(name, repeated), interpolate_pos_encoding=True).logits
    return {"imageSize": LARGER, "logits": logits.tolist()}


def save_adapter(model: peft.PeftModel, name: str, folder: Path) -> None:
    """A PEFT folder, less what differs from run to run: the base's absolute path, a model card, the order of a set."""
    model.save_pretrained(folder)
    (folder / "README.md").unlink(missing_ok=True)
    path = folder / "adapter_config.json"
    config = json.loads(path.read_text())
    config["base_model_name_or_path"] = f"models/{name}"
    if isinstance(config["target_modules"], list):
        config["target_modules"].sort()
    path.write_text(json.dumps(config, indent=2) + "\n")


def adapted(name: str, method: str) -> torch.nn.Module:
    """The model as the method trains it: same start every time it is called."""
    model = load(name)
    if method == "full":
        return model
    torch.manual_seed(5)
    # PEFT asks for target modules; this name is its own word for none.
    targets = ["query", "value"] if method == "lora" else "dummy-target-modules"
    config = peft.LoraConfig(r=LORA_RANK, lora_alpha=LORA_ALPHA, lora_dropout=0.0, target_modules=targets, modules_to_save=["classifier"])
    return peft.get_peft_model(model, config)


def zeropower(grad: torch.Tensor, coefficients: tuple[float, float, float], steps: int, eps: float) -> torch.Tensor:
    """The iteration of torch.optim.Muon in the gradient's own precision: torch's is in bfloat16, too coarse to compare with."""
    a, b, c = coefficients
    x = grad.T if grad.size(0) > grad.size(1) else grad
    x = x / x.norm().clamp(min=eps)
    for _ in range(steps):
        gram = x @ x.T
        x = a * x + (b * gram + c * gram @ gram) @ x
    return x.T if grad.size(0) > grad.size(1) else x


torch.optim._muon._zeropower_via_newtonschulz = zeropower


def make_batches(micro: int) -> list[list[int]]:
    """Indices into the images, BATCH a micro-batch: every image once before any comes again."""
    generator = torch.Generator().manual_seed(3)
    order = torch.cat([torch.randperm(PICTURES, generator=generator) for _ in range(STEPS * micro * BATCH // PICTURES)])
    return order.reshape(STEPS * micro, BATCH).tolist()


def train(
    model: torch.nn.Module,
    pixels: torch.Tensor,
    truth: torch.Tensor,
    batches: list[list[int]],
    curve: Curve,
    rate_scale: Callable[[str], float] = lambda _: 1.0,
) -> dict:
    """STEPS steps of torch.optim.AdamW; loss and gradient norm are those before the step's update."""
    micro = curve.micro_batches
    decayed = set(Trainer.get_decay_parameter_names(None, model))
    named = [(key, tensor) for key, tensor in model.named_parameters() if tensor.requires_grad]
    scales = sorted({rate_scale(key) for key, _ in named}, reverse=True)
    groups = [
        {
            "params": [tensor for key, tensor in named if (key in decayed) == decays and rate_scale(key) == scale],
            "lr": curve.rate * scale,
            "weight_decay": curve.weight_decay if decays else 0.0,
        }
        for scale in scales
        for decays in (True, False)
    ]
    optimizers: list[torch.optim.Optimizer] = []
    if curve.muon:
        matrices = [(key, tensor) for key, tensor in named if tensor.ndim == 2 and "classifier" not in key]
        optimizers.append(
            torch.optim.Muon([t for _, t in matrices], lr=curve.rate, weight_decay=curve.weight_decay, adjust_lr_fn="match_rms_adamw")
        )
        taken = {id(tensor) for _, tensor in matrices}
        groups = [{**group, "params": [tensor for tensor in group["params"] if id(tensor) not in taken]} for group in groups]
    optimizers.append(torch.optim.AdamW(groups, lr=curve.rate, betas=(0.9, 0.999), eps=1e-8))
    schedules = [get_cosine_schedule_with_warmup(optimizer, WARMUP_STEPS, STEPS) for optimizer in optimizers]
    record: dict = {"loss": [], "learningRate": [], "gradientNorm": []}
    model.train()
    for step in range(STEPS):
        losses = []
        for batch in batches[step * micro : (step + 1) * micro]:
            logits = model(pixels[batch]).logits
            loss = torch.nn.functional.cross_entropy(logits, truth[batch], label_smoothing=curve.smoothing) / micro
            loss.backward()
            losses.append(loss.item())
        norm = torch.nn.utils.clip_grad_norm_([tensor for _, tensor in named], MAX_GRAD_NORM)
        record["loss"].append(sum(losses))
        record["learningRate"].append(schedules[0].get_last_lr()[0])
        record["gradientNorm"].append(norm.item())
        for optimizer, schedule in zip(optimizers, schedules):
            optimizer.step()
            optimizer.zero_grad()
            schedule.step()
    model.eval()
    with torch.no_grad():
        record["finalLogits"] = model(pixels).logits.tolist()
    record["decayed"] = [key for key, _ in named if key in decayed]
    return record


def curve_of(name: str, key: str, images: np.ndarray, truth: list[int]) -> dict:
    curve = CURVES[name][key]
    method, micro = curve.method, curve.micro_batches
    batches = make_batches(micro)
    pixels, labels = pixel_values(name, images), torch.tensor(truth)

    model = adapted(name, method)
    trainable = sum(tensor.numel() for tensor in model.parameters() if tensor.requires_grad)
    files = HERE / "curves"
    files.mkdir(exist_ok=True)
    if method != "full":
        save_adapter(model, name, files / f"{name}-{key}-initial")
    single = train(model, pixels, labels, batches, curve)
    if method != "full":
        save_adapter(model, name, files / f"{name}-{key}-final")
    else:
        kept = {k: v.contiguous() for k, v in model.state_dict().items() if any(part in k for part in KEPT)}
        save_file(kept, files / f"{name}-{key}-final.safetensors")
    double = train(adapted(name, method).double(), pixels.double(), labels, batches, curve)

    noise = {
        part: float(np.max(np.abs(np.array(single[part]) - np.array(double[part])) / np.abs(np.array(double[part]))))
        for part in ("loss", "gradientNorm")
    }
    print(f"{name:13s}{key:22s}loss {single['loss'][0]:.4f} -> {single['loss'][-1]:.4f}, norm {single['gradientNorm'][0]:.3f} .. "
          f"{single['gradientNorm'][-1]:.3f}, off float64 by {noise['loss']:.1e} (loss), {noise['gradientNorm']:.1e} (norm)")
    return {
        "method": method,
        "learningRate": curve.rate,
        "labelSmoothingFactor": curve.smoothing,
        "weightDecay": curve.weight_decay,
        "muon": curve.muon,
        "gradientAccumulationSteps": micro,
        "trainableParameters": trainable,
        "batches": batches,
        "steps": {part: single[part] for part in ("loss", "learningRate", "gradientNorm")},
        "float64": {part: double[part] for part in ("loss", "gradientNorm")},
        "relativeNoise": noise,
        "finalLogits": single["finalLogits"],
        "decayed": single["decayed"],
    }


def make_preprocessing() -> None:
    """An image that is no square, and the 8-bit pixels that the image processors make of it before they normalise."""
    folder = HERE / "preprocessing"
    folder.mkdir()
    y, x = np.mgrid[0:60, 0:90]
    waves = np.stack([128 + 100 * np.sin(x / 6), 128 + 100 * np.cos(y / 4), (x * 255) / 89 * (y / 59)], axis=-1)
    Image.fromarray(np.rint(waves).astype(np.uint8)).save(folder / "waves.png", optimize=True)
    image = Image.open(folder / "waves.png").convert("RGB")
    for name in ("vit", "deit"):
        processor = (ViTImageProcessor if name == "vit" else DeiTImageProcessor).from_pretrained(HERE / "models" / name)
        pixels = processor(image, do_rescale=False, do_normalize=False, return_tensors="np")["pixel_values"][0]
        (folder / f"waves-{name}.bin").write_bytes(np.rint(pixels).astype(np.uint8).transpose(1, 2, 0).tobytes())


def main() -> None:
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    transformers.utils.logging.disable_progress_bar()
    for folder in ("models", "curves", "preprocessing"):
        shutil.rmtree(HERE / folder, ignore_errors=True)
    images, truth = make_images()
    (HERE / "images.bin").write_bytes(images.tobytes())
    versions = {"torch": torch.__version__, "transformers": transformers.__version__, "peft": peft.__version__}
    print(versions)
    for name in MODELS:
        make_model(name)
        golden = {
            "versions": versions,
            "model": f"models/{name}",
            "labels": LABELS,
            "images": {"file": "images.bin", "shape": list(images.shape), "truth": truth},
            "training": {
                "steps": STEPS,
                "warmupSteps": WARMUP_STEPS,
                "batchSize": BATCH,
                "lrSchedulerType": "cosine",
                "maxGradNorm": MAX_GRAD_NORM,
                "adamBeta1": 0.9,
                "adamBeta2": 0.999,
                "adamEpsilon": 1e-8,
                "lora": {"rank": LORA_RANK, "alpha": LORA_ALPHA, "dropout": 0, "targetModules": ["query", "value"]},
            },
            "logits": answers(name, images),
            "larger": answers_when_larger(name, images),
            "curves": {key: curve_of(name, key, images, truth) for key in CURVES[name]},
        }
        (HERE / f"{name}.json").write_text(json.dumps(golden) + "\n")
    make_preprocessing()


if __name__ == "__main__":
    main()
