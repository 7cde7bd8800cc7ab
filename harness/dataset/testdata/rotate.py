"""Writes rotate.json: a fixed 28x28 and a fixed 7x10 pattern turned by Pillow, as torchvision turns the images of DomainBed.

    python rotate.py    # needs Pillow
"""
import json
from PIL import Image


def pattern(h, w):
    return bytes((y * 37 + x * x * 11 + (x * y) % 13 * 17) % 256 for y in range(h) for x in range(w))


out = []
for h, w in ((28, 28), (7, 10), (8, 8)):
    for degrees in (0, 15, 30, 45, 60, 75, 90, 180, -20):
        image = Image.frombytes("L", (w, h), pattern(h, w))
        turned = image.rotate(degrees, resample=Image.BILINEAR, fillcolor=0)
        out.append({"h": h, "w": w, "degrees": degrees, "pixels": list(turned.tobytes())})
json.dump(out, open("rotate.json", "w"), separators=(",", ":"))
