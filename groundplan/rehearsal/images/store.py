"""The cache of images: buildah's own storage, an OCI layout of what can be loaded, and a record per image."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import subprocess
import time
from collections import deque
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from io import FileIO
from itertools import chain
from pathlib import Path

from groundplan.errors import GroundplanError
from groundplan.rehearsal.images import orphans
from groundplan.rehearsal.images.layout import Layout

_LOG_TAIL_LINES = 15
_KEPT_UNUSED_S = 14 * 24 * 3600
_RESERVE_BYTES = 2**20
_OVERLAY_MAGIC = "overlayfs"


@dataclass(frozen=True, kw_only=True)
class Record:
    """What the cache knows about one image.

    Args:
        name: base or service.
        key: SHA-256 over everything that it was built from.
        digest: digest of its manifest in the layout; empty for a base, which is never loaded.
        image_id: digest of its configuration, in buildah's storage.
        packages: version by Debian package, as found when it was built.
    """

    name: str
    key: str
    digest: str
    image_id: str
    packages: Mapping[str, str]

    @property
    def tag(self) -> str:
        """Its name in buildah's storage."""
        return tag(self.name, self.key)


def tag(name: str, key: str) -> str:
    """Name of an image in buildah's storage."""
    return f"localhost/groundplan/{name}:{key[:16]}"


class Store:
    """The folder `images` of the cache. Builds hold its lock; readers need none.

    Args:
        folder: the folder; made when it is missing.
        buildah: the program.
    """

    def __init__(self, folder: Path, buildah: Path) -> None:
        self.folder = folder
        self.layout = Layout(folder / "layout")
        self.scratch = folder / "scratch"
        self._reserve = folder / "reserve"
        self._storage = folder / "storage"
        self._buildah = buildah
        for path in (self.layout.folder, folder / "records", folder / "logs"):
            path.mkdir(parents=True, exist_ok=True)

    @contextmanager
    def locked(self) -> Generator[None]:
        """Hold the store alone; throws away what a build that was killed left behind."""
        with (self.folder / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            self._clear()
            self._keep_reserve()
            try:
                yield
            finally:
                self._clear()

    def find(self, name: str, key: str) -> Record | None:
        """The record of an image that is complete, or None."""
        record = _read(self._record(name, key))
        if record is None or not self._complete(record):
            return None
        os.utime(self._record(name, key))
        return record

    def keep(self, record: Record) -> None:
        """Write an image's record: the last step of its build, so that a record stands for a whole image."""
        file = self._record(record.name, record.key)
        draft = file.with_suffix(".new")
        draft.write_text(json.dumps(asdict(record), indent=1, sort_keys=True))
        draft.replace(file)

    def export(self, name: str, key: str) -> str:
        """Copy an image into the layout and return its digest."""
        digest_file = self.scratch / f"{name}.digest"
        target = f"oci:{self.layout.folder}:{name}-{key[:16]}"
        options = ["--compression-format", "zstd", "--format", "oci", "--digestfile", str(digest_file)]
        self.run(name, "push", *options, tag(name, key), target)
        return digest_file.read_text().strip()

    def prune(self) -> None:
        """Delete images that no build or load asked for in two weeks, and the blobs that only they need."""
        oldest = time.time() - _KEPT_UNUSED_S
        digests: list[str] = []
        for file in (self.folder / "records").glob("*.json"):
            record = _read(file)
            unusable = record is None or (record.digest and not self.layout.holds(record.digest))
            if unusable or file.stat().st_mtime < oldest:
                file.unlink()
                if record:
                    self._try("rmi", record.tag)
            elif record and record.digest:
                digests.append(record.digest)
        self._try("rmi", "--prune")
        self.layout.keep_only(digests)

    def log(self, name: str) -> Path:
        """Log of an image's last build."""
        return self.folder / "logs" / f"{name}.log"

    def run(self, name: str, *arguments: str) -> None:
        """Run buildah; its output goes to the log of the image `name`.

        Raises:
            GroundplanError: it failed; holds the last lines of the log and names the file.
        """
        run_logged([str(self._buildah), *self._options(), *arguments], self.log(name), self.environment())

    def ask(self, *arguments: str) -> str:
        """Run a quick buildah command and return what it printed, without the last line's end.

        Raises:
            GroundplanError: it failed.
        """
        done = subprocess.run(
            [self._buildah, *self._options(), *arguments],
            check=False,
            capture_output=True,
            text=True,
            env=self.environment(),
        )
        if done.returncode != 0:
            raise GroundplanError(f"buildah {arguments[0]} failed.", log=done.stderr)
        return done.stdout.rstrip("\n")

    def environment(self) -> dict[str, str]:
        """Environment of the build programs: what they write for a while stays below the store."""
        return {**os.environ, "TMPDIR": str(self.scratch), "BUILDAH_ISOLATION": "chroot"}

    def _complete(self, record: Record) -> bool:
        if record.digest and not self.layout.holds(record.digest):
            return False
        return self._try("inspect", "--type", "image", record.tag)

    def _try(self, *arguments: str) -> bool:
        done = subprocess.run(
            [self._buildah, *self._options(), *arguments],
            check=False,
            capture_output=True,
            env=self.environment(),
        )
        return done.returncode == 0

    def _options(self) -> list[str]:
        options = ["--root", str(self._storage), "--runroot", str(self.folder / "run")]
        options += ["--storage-driver", "overlay"]
        kind = subprocess.run(
            ["stat", "--file-system", "--format", "%T", self.folder],  # statvfs does not tell the type
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        if kind.strip() == _OVERLAY_MAGIC:  # the kernel stacks no overlay on an overlay
            options += ["--storage-opt", "overlay.mount_program=/usr/bin/fuse-overlayfs"]
        return options

    def _clear(self) -> None:
        # Room first: on a full disk buildah cannot even write down that something is gone.
        self._reserve.unlink(missing_ok=True)
        self.scratch.mkdir(exist_ok=True)
        self._try("umount", "--all")
        self._try("rm", "--all")
        orphans.remove(self._storage)
        # Never past a mount that a killed build left behind.
        subprocess.run(["rm", "-rf", "--one-file-system", self.scratch], check=True)
        self.scratch.mkdir()

    def _keep_reserve(self) -> None:
        """Hold some room that a failed build gives back, so that it can be cleared away."""
        with self._reserve.open("wb") as file, suppress(OSError):
            os.posix_fallocate(file.fileno(), 0, _RESERVE_BYTES)

    def _record(self, name: str, key: str) -> Path:
        return self.folder / "records" / f"{name}-{key[:16]}.json"


def _read(file: Path) -> Record | None:
    try:
        return Record(**json.loads(file.read_text()))
    except (FileNotFoundError, ValueError, TypeError):
        return None


def run_logged(argv: Sequence[str], log: Path, environment: Mapping[str, str]) -> None:
    """Run a program whose output goes to a log file.

    Raises:
        GroundplanError: it failed; holds the last lines of the log and names the file.
    """
    # The end of the output is kept here as well: on a full disk the log may lack the line that says so.
    tail: deque[str] = deque(maxlen=_LOG_TAIL_LINES)
    with (
        log.open("ab", buffering=0) as output,
        subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            env=dict(environment),
        ) as child,
    ):
        for line in chain([f"$ {' '.join(argv)}\n"], child.stdout or ()):
            tail.append(line)
            _append(output, line)
    if child.returncode != 0:
        raise GroundplanError(
            f"Image {log.stem}: {Path(argv[0]).name} ended with exit code {child.returncode}.",
            log="".join(tail),
            hint=f"The whole log: {log}",
        )


def _append(log: FileIO, line: str) -> None:
    """Write a line to a log, or as much of it as there is room for."""
    try:
        log.write(line.encode())
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
