"""Makes the pictures in this folder, and pillow.json: the size and the SHA-256 of the pixels that Pillow reads from each, as the
official pipelines do, with ImageOps.exif_transpose(Image.open(path)).convert("RGB"). Made with Pillow 9.4.0:

    python3 make.py
"""

import hashlib
import json
import os
import random
import struct
import zlib

from PIL import Image, ImageCms, ImageOps

WIDTH, HEIGHT = 37, 29
HERE = os.path.dirname(os.path.abspath(__file__))


def pattern():
    image = Image.new("RGB", (WIDTH, HEIGHT))
    for y in range(HEIGHT):
        for x in range(WIDTH):
            image.putpixel((x, y), ((x * 7) % 256, (y * 9 + x) % 256, ((x * x + y * y) * 3) % 256))
    return image


def save(name, image, **options):
    image.save(os.path.join(HERE, name), **options)


def png(name, colour_type, depth, samples, extra=b""):
    """A PNG of a kind that Pillow does not write, of random values."""
    values = random.Random(name)
    length = (WIDTH * samples * depth + 7) // 8
    rows = b"".join(b"\0" + bytes(values.randrange(256) for _ in range(length)) for _ in range(HEIGHT))

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    with open(os.path.join(HERE, name), "wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", WIDTH, HEIGHT, depth, colour_type, 0, 0, 0)))
        file.write(extra + chunk(b"IDAT", zlib.compress(rows, 9)) + chunk(b"IEND", b""))


def gif(name, source, transparent):
    """A GIF whose only frame covers a part of its canvas; the first table is of the frame's own."""
    data = bytearray(open(os.path.join(HERE, source), "rb").read())
    data[6:10] = struct.pack("<HH", WIDTH + 9, HEIGHT + 5)
    at = data.index(b",\0\0\0\0")
    data[at + 1 : at + 5] = struct.pack("<HH", 4, 3)
    if transparent is not None:
        data[at:at] = b"!\xf9\x04\x01\0\0" + bytes([transparent]) + b"\0"
    open(os.path.join(HERE, name), "wb").write(data)


def jpeg(name, source, transform):
    """A JPEG of another, whose first segment is Adobe's with a colour transform, or left out."""
    data = open(os.path.join(HERE, source), "rb").read()
    rest = data[4 + int.from_bytes(data[4:6], "big") :]
    marker = b"" if transform is None else b"\xff\xee\0\x0eAdobe\0\x64\0\0\0\0" + bytes([transform])
    open(os.path.join(HERE, name), "wb").write(data[:2] + marker + rest)


def main():
    rgb = pattern()
    rgba = rgb.convert("RGBA")
    rgba.putalpha(Image.linear_gradient("L").resize((WIDTH, HEIGHT)))
    grey, palette = rgb.convert("L"), rgb.convert("P", palette=Image.Palette.ADAPTIVE, colors=64)
    other = rgb.transpose(Image.Transpose.ROTATE_180)
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    turned = Image.Exif()
    turned[0x0112] = 6
    photo = Image.effect_noise((151, 101), 60).convert("RGB").resize((203, 133))
    photo.paste(rgb.resize((101, 77), Image.Resampling.BICUBIC), (50, 30))

    for name, image in [("rgb", rgb), ("rgba", rgba), ("grey", grey), ("grey-alpha", rgba.convert("LA")), ("palette", palette)]:
        save(name + ".png", image)
    save("one-bit.png", rgb.convert("1"))
    save("palette-4.png", rgb.convert("P", palette=Image.Palette.ADAPTIVE, colors=13), bits=4)
    save("palette-transparent.png", palette, transparency=5)
    save("grey-transparent.png", grey, transparency=grey.getpixel((3, 3)))
    save("rgb-transparent.png", rgb, transparency=rgb.getpixel((3, 3)))
    save("profile.png", rgb, icc_profile=srgb)
    save("turned.png", rgb, exif=turned)
    save("animated.png", rgb, save_all=True, append_images=[other])
    png("grey-2.png", 0, 2, 1)
    png("rgb-16.png", 2, 16, 3)
    png("rgba-16.png", 6, 16, 4)
    png("grey-alpha-16.png", 4, 16, 2)
    gamma = struct.pack(">I", 100000)
    png("gamma.png", 2, 8, 3, struct.pack(">I", 4) + b"gAMA" + gamma + struct.pack(">I", zlib.crc32(b"gAMA" + gamma)))

    for name, subsampling in [("444", 0), ("422", 1), ("420", 2)]:
        save(f"photo-{name}.jpg", photo, quality=88, subsampling=subsampling)
    save("small.jpg", rgb, quality=75)
    save("progressive.jpg", photo, quality=80, progressive=True)
    save("grey.jpg", grey, quality=85)
    cmyk = rgb.convert("CMYK")
    cmyk.putdata([(max(0, c - k // 3), m, y, (k + x) % 256) for x, (c, m, y, k) in enumerate(cmyk.getdata())])
    save("cmyk.jpg", rgb.convert("CMYK"), quality=95)
    save("cmyk-black.jpg", cmyk, quality=95)
    jpeg("cmyk-unmarked.jpg", "cmyk-black.jpg", None)
    jpeg("ycck.jpg", "cmyk-black.jpg", 2)
    jpeg("rgb-marked.jpg", "photo-444.jpg", 0)
    save("profile.jpg", rgb, quality=90, icc_profile=srgb)
    save("turned.jpg", rgb, quality=90, exif=turned)

    save("lossy.webp", photo, quality=80)
    save("lossless.webp", rgb, lossless=True)
    save("lossy-alpha.webp", rgba, quality=80)
    save("lossless-alpha.webp", rgba, lossless=True, exact=True)
    save("animated.webp", rgb, save_all=True, append_images=[other], duration=100, lossless=True)
    save("turned.webp", rgb, lossless=True, exif=turned.tobytes())

    for name, image in [("rgb", rgb), ("rgba", rgba), ("grey", grey), ("palette", palette), ("one-bit", rgb.convert("1"))]:
        save(name + ".bmp", image)

    save("palette.gif", palette)
    save("grey.gif", grey)
    save("transparent.gif", palette, transparency=5)
    save("animated.gif", palette, save_all=True, append_images=[other], duration=100)
    gif("part.gif", "palette.gif", None)
    gif("part-transparent.gif", "palette.gif", 7)

    save("rgb.tiff", rgb)
    save("packed.tiff", rgb, compression="tiff_lzw")

    expected = {}
    for name in sorted(os.listdir(HERE)):
        if name.endswith((".py", ".json")):
            continue
        image = ImageOps.exif_transpose(Image.open(os.path.join(HERE, name))).convert("RGB")
        expected[name] = {"width": image.width, "height": image.height, "sha256": hashlib.sha256(image.tobytes()).hexdigest()}
    with open(os.path.join(HERE, "pillow.json"), "w") as file:
        json.dump(expected, file, indent=2)
        file.write("\n")


main()
