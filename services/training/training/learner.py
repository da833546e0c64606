"""The model while it learns: one step, and its whole state as something a checkpoint can hold."""

from __future__ import annotations

import hashlib
import math

import torch
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from training.checkpoints import State
from training.data import Shard
from training.model import DigitsNet
from training.workers import Place

_RNG_STEP = 1_000_003


class Learner:
    """Model, optimizer and random state of one worker.

    Args:
        learning_rate: at the start; it falls to zero along a cosine over `steps_total` steps.
    """

    def __init__(self, place: Place, *, seed: int, learning_rate: float, steps_total: int) -> None:
        torch.manual_seed(seed)
        self._place = place
        self._learning_rate = learning_rate
        self._steps_total = steps_total
        self.net = DigitsNet().to(place.device)
        cuda = place.device.type == "cuda"
        self._ddp = DistributedDataParallel(self.net, device_ids=[place.device] if cuda else None)
        self._optimizer = torch.optim.Adam(self.net.parameters())
        self._half = torch.bfloat16 if cuda and torch.cuda.is_bf16_supported() else torch.float16
        self._mixed = cuda
        self._scaler = torch.amp.GradScaler("cuda", enabled=cuda and self._half is torch.float16)
        torch.manual_seed(seed + _RNG_STEP * (place.rank + 1))  # dropout differs between workers

    def step(self, images: Tensor, labels: Tensor, step: int) -> float:
        """Learn from one batch; return the loss averaged over this worker's rows."""
        for group in self._optimizer.param_groups:
            group["lr"] = self._learning_rate * 0.5 * (1 + math.cos(math.pi * step / self._steps_total))
        self._ddp.train()
        self._optimizer.zero_grad(set_to_none=True)
        with torch.autocast(self._place.device.type, dtype=self._half, enabled=self._mixed):
            loss = nn.functional.cross_entropy(self._ddp(images), labels)
        self._scaler.scale(loss).backward()
        self._scaler.step(self._optimizer)
        self._scaler.update()
        return float(loss.detach())

    def state(self) -> State:
        """Return all that the next step depends on; every worker must call it."""
        return {
            "model": self.net.state_dict(),
            "optimizer": self._optimizer.state_dict(),
            "scaler": self._scaler.state_dict(),
            "random": self._place.gathered(self._random_state()),
        }

    def restore(self, state: State) -> None:
        """Go on from a state that `state` gave."""
        self.net.load_state_dict(state["model"])
        self._optimizer.load_state_dict(state["optimizer"])
        self._scaler.load_state_dict(state["scaler"])
        random = state["random"][self._place.rank]
        torch.set_rng_state(random["cpu"])
        if "cuda" in random:
            torch.cuda.set_rng_state(random["cuda"], self._place.device)

    def correct(self, shard: Shard) -> int:
        """Return how many rows of `shard` are recognised."""
        self.net.eval()
        with torch.no_grad():
            return int((self.net(shard.images).argmax(dim=1) == shard.labels).sum())

    def _random_state(self) -> dict[str, Tensor]:
        state = {"cpu": torch.get_rng_state()}
        if self._place.device.type == "cuda":
            state["cuda"] = torch.cuda.get_rng_state(self._place.device)
        return state


def weights_sha256(net: nn.Module) -> str:
    """Return a hash of all weights, equal exactly when all of them are."""
    digest = hashlib.sha256()
    for name, tensor in sorted(net.state_dict().items()):
        digest.update(name.encode())
        digest.update(tensor.detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()
