"""A small convolutional network for 8 x 8 digits, and the form of it that is served."""

from __future__ import annotations

import math

import torch
from groundplan_common.dataset import CLASSES, PIXEL_MAX, PIXELS
from torch import Tensor, nn

_SIDE = math.isqrt(PIXELS)


class DigitsNet(nn.Module):
    """From 64 pixel values (0 to 16) to one score per digit."""

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, 16, kernel_size=3, padding=1),
            nn.ReLU(),
            nn.Conv2d(16, 32, kernel_size=3, padding=1),
            nn.ReLU(),
            nn.MaxPool2d(2),
        )
        self.head = nn.Sequential(
            nn.Flatten(),
            nn.Dropout(0.25),
            nn.Linear(32 * (_SIDE // 2) ** 2, 64),
            nn.ReLU(),
            nn.Linear(64, CLASSES),
        )

    def forward(self, image: Tensor) -> Tensor:
        """Return scores [N, 10] for `image` [N, 64]."""
        scaled = (image / PIXEL_MAX).reshape(-1, 1, _SIDE, _SIDE)
        return self.head(self.features(scaled))


class ServedNet(nn.Module):
    """What callers get: probabilities [N, 10] and the most likely digit [N, 1]."""

    def __init__(self, net: DigitsNet) -> None:
        super().__init__()
        self.net = net

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """Return probabilities and labels for `image` [N, 64]."""
        probabilities = torch.softmax(self.net(image), dim=1)
        return probabilities, torch.argmax(probabilities, dim=1, keepdim=True)
