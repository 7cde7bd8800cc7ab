"""Writes reference.gz: one synthetic image after every corruption whose libraries give the same bytes everywhere.

Needs NumPy, SciPy, scikit-image, Pillow and OpenCV (opencv-python-headless).
"""

import gzip
import math

import cv2
import numpy as np
from PIL import Image
from scipy.ndimage import zoom
from skimage import color, filters


def synthetic():
    x = np.zeros((32, 32, 3), np.uint8)
    for r in range(32):
        for c in range(32):
            for k in range(3):
                x[r, c, k] = (5 * r + 3 * c + 40 * k + r * c * (k + 1) // 7 + (c // 8 + r // 8) % 2 * 60) % 256
    return x


def whole(x):
    return np.uint8(np.clip(x, 0, 1) * 255)


def gaussian_blur(x, s):
    return whole(filters.gaussian(x / 255.0, sigma=[0.4, 0.6, 0.7, 0.8, 1][s], channel_axis=-1))


def contrast(x, s):
    x = x / 255.0
    mean = np.mean(x, axis=(0, 1), keepdims=True)
    return whole((x - mean) * [0.75, 0.5, 0.4, 0.3, 0.15][s] + mean)


def brightness(x, s):
    x = color.rgb2hsv(x / 255.0)
    x[:, :, 2] = np.clip(x[:, :, 2] + [0.05, 0.1, 0.15, 0.2, 0.3][s], 0, 1)
    return whole(color.hsv2rgb(x))


def pixelate(x, s):
    n = int(32 * [0.95, 0.9, 0.85, 0.75, 0.65][s])
    image = Image.fromarray(x).resize((n, n), Image.BOX)
    return np.array(image.resize((32, 32), Image.BOX))


def saturate(x, s):
    factor, shift = [(0.3, 0), (0.1, 0), (1.5, 0), (2, 0.1), (2.5, 0.2)][s]
    x = color.rgb2hsv(x / 255.0)
    x[:, :, 1] = np.clip(x[:, :, 1] * factor + shift, 0, 1)
    return whole(color.hsv2rgb(x))


def defocus_blur(x, s):
    radius, alias = [(0.3, 0.4), (0.4, 0.5), (0.5, 0.6), (1, 0.2), (1.5, 0.1)][s]
    line = np.arange(-8, 9)
    across, down = np.meshgrid(line, line)
    disk = np.array(across**2 + down**2 <= radius**2, dtype=np.float64)
    kernel = cv2.GaussianBlur(disk / disk.sum(), ksize=(3, 3), sigmaX=alias)
    channels = [cv2.filter2D(x[:, :, k] / 255.0, -1, kernel) for k in range(3)]
    return whole(np.stack(channels, axis=2))


def zoom_blur(x, s):
    x = x / 255.0
    factors = np.arange(1, [1.06, 1.11, 1.16, 1.21, 1.26][s], 0.01)
    total = np.zeros_like(x)
    for factor in factors:
        size = math.ceil(32 / factor)
        top = (32 - size) // 2
        large = zoom(x[top : top + size, top : top + size], (factor, factor, 1), order=1)
        trim = (large.shape[0] - 32) // 2
        total += large[trim : trim + 32, trim : trim + 32]
    return whole((x + total) / (len(factors) + 1))


kinds = [gaussian_blur, contrast, brightness, pixelate, saturate, defocus_blur, zoom_blur]
image = synthetic()
data = b"".join(kind(image, s).tobytes() for kind in kinds for s in range(5))
with open("reference.gz", "wb") as f:
    f.write(gzip.compress(data, 9, mtime=0))
