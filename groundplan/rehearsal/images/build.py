"""Build what is missing of the bases and services, and tell the digests of the release."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor

from groundplan.rehearsal.images.disk import room
from groundplan.rehearsal.images.machine import SUITE, PackageSources, write_package_sources
from groundplan.rehearsal.images.recipes import ROOT, Recipe, all_recipes
from groundplan.rehearsal.images.release import SERVICES, Release
from groundplan.rehearsal.images.store import Record, Store, run_logged, tag
from groundplan.rehearsal.toolchain import Toolbox

_CHAINS = (("torch", "training"), ("triton", "inference"), ("ingest",))
"""What can be built side by side once the root is there."""
_BUILDS_AT_ONCE = 2


def build(toolbox: Toolbox, on_event: Callable[[str], None]) -> Release:
    """Build the images whose inputs changed; the others come from the cache.

    Args:
        toolbox: where `buildah` and `mmdebstrap` are found and the cache lies.
        on_event: told in one line what is being built.

    Raises:
        GroundplanError: a build failed, or the disk is full. What was finished before is kept.
    """
    store = open_store(toolbox)
    release = find_release(store)
    if release is not None:
        return release
    with store.locked():
        records = find(store)  # another process may have built them while we waited for the lock
        missing = [recipe for recipe in all_recipes() if recipe.name not in records]
        needed_bytes = sum(recipe.needed_bytes for recipe in missing)
        purpose = f"building the images {', '.join(recipe.name for recipe in missing)}"
        with room(store.folder, needed_bytes, purpose):
            _Builder(store, toolbox, on_event, records).build_all()
        store.prune()
    return _release(records)


def packages(toolbox: Toolbox) -> Mapping[str, Mapping[str, str]]:
    """Version by Debian package of each base image that is in the cache, by the name of the base."""
    records = find(open_store(toolbox))
    return {name: record.packages for name, record in records.items() if record.packages}


def open_store(toolbox: Toolbox) -> Store:
    """The images of the toolbox's cache."""
    return Store(toolbox.cache / "images", toolbox.obtain("buildah"))


def find_release(store: Store) -> Release | None:
    """The release of the present sources, if all of its images are in the cache."""
    records = find(store)
    return _release(records) if records.keys() >= set(SERVICES) else None


def find(store: Store) -> dict[str, Record]:
    """Records of the images that are there for the present sources, by name."""
    records: dict[str, Record] = {}
    for recipe in all_recipes():
        below = records.get(recipe.parent) if recipe.parent else None
        if recipe.parent and below is None:
            continue
        record = store.find(recipe.name, recipe.key(below.image_id if below else ""))
        if record is not None:
            records[recipe.name] = record
    return records


def _release(records: dict[str, Record]) -> Release:
    return Release(images={service: records[service].digest for service in SERVICES})


class _Builder:
    """One run of builds into a store that is locked."""

    def __init__(
        self, store: Store, toolbox: Toolbox, on_event: Callable[[str], None], records: dict[str, Record]
    ) -> None:
        self._store = store
        self._toolbox = toolbox
        self._say = on_event
        self._records = records
        self._recipes = {recipe.name: recipe for recipe in all_recipes()}
        self._sources: PackageSources = write_package_sources(store.scratch / "sources")

    def build_all(self) -> None:
        """Build each image that has no record yet, and record it."""
        self._ensure(ROOT)
        with ThreadPoolExecutor(_BUILDS_AT_ONCE, thread_name_prefix="image") as pool:
            for chain in [pool.submit(self._build_chain, names) for names in _CHAINS]:
                chain.result()

    def _build_chain(self, names: tuple[str, ...]) -> None:
        for name in names:
            self._ensure(name)

    def _ensure(self, name: str) -> None:
        if name in self._records:
            return
        self._say(f"building image {name}")
        recipe = self._recipes[name]
        self._store.log(name).write_text("")
        below = self._records[recipe.parent] if recipe.parent else None
        key = recipe.key(below.image_id if below else "")
        self._bud(recipe, key, below)
        record = Record(
            name=name,
            key=key,
            image_id=self._store.ask(
                "inspect", "--type", "image", "--format", "{{.FromImageID}}", tag(name, key)
            ),
            digest=self._store.export(name, key) if recipe.is_service else "",
            packages={} if recipe.is_service else self._packages(tag(name, key)),
        )
        self._store.keep(record)
        self._records[name] = record

    def _bud(self, recipe: Recipe, key: str, below: Record | None) -> None:
        context = recipe.context
        if recipe.name == ROOT:
            context = self._store.scratch / ROOT
            context.mkdir()
            self._make_root(recipe)
        arguments = ["--layers", "--pull-never", "--timestamp", "0", "--identity-label=false"]
        if below:
            arguments += ["--build-arg", f"BASE_IMAGE={below.tag}"]
        arguments += [
            *self._sources.secrets(),
            "--tag",
            tag(recipe.name, key),
            "--file",
            str(recipe.dockerfile),
        ]
        self._store.run(recipe.name, "bud", *arguments, str(context))

    def _make_root(self, recipe: Recipe) -> None:
        packages = (recipe.context / "packages.txt").read_text().split()
        argv = [
            str(self._toolbox.obtain("mmdebstrap")),
            "--variant=apt",
            "--mode=root",
            f"--include={','.join(packages)}",
            f"--dpkgopt={recipe.context / 'dpkg.cfg'}",
            *(f"--aptopt={option}" for option in self._sources.apt_options),
            '--customize-hook=rm -f "$1"/etc/apt/sources.list "$1"/etc/apt/apt.conf.d/99mmdebstrap',
            SUITE,
            str(self._store.scratch / ROOT / "root.tar"),
            *self._sources.debian,
        ]
        run_logged(argv, self._store.log(ROOT), self._store.environment() | {"SOURCE_DATE_EPOCH": "0"})

    def _packages(self, image: str) -> dict[str, str]:
        container = self._store.ask("from", "--pull-never", image)
        try:
            folder = f"{self._store.ask('mount', container)}/var/lib/dpkg"
            query = ["dpkg-query", f"--admindir={folder}", "--show", "--showformat=${Package} ${Version}\\n"]
            listing = subprocess.run(query, check=True, capture_output=True, text=True).stdout
            return dict(line.split(" ") for line in listing.splitlines())
        finally:
            self._store.ask("rm", container)
