"""Makes leaf imports of Pulumi's SDKs load what they name, instead of the whole package around it.

`from pulumi_aws.ec2.vpc import Vpc` needs one module. But many modules of an SDK say `from . import outputs`.
For that Python runs the package's `__init__`, which imports all its modules: 182 for `ec2`. `install` puts
packages in their places that know their parts, and run their `__init__` when anything else is asked of them.
Nothing of the SDKs is changed; whoever does not call `install` has them as they are.
"""

from __future__ import annotations

import importlib
import sys
import threading
from importlib.machinery import SourceFileLoader
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

SDKS = {"pulumi_aws": "*/_inputs.py", "pulumi_kubernetes": "*/*/_inputs.py"}
"""Where the packages of each are, by a part that they have."""
_PARTS = frozenset({"outputs", "_inputs", "_enums"})
"""The modules of a package that its other modules import by name."""
_LOCK = threading.RLock()


class LeanPackage(ModuleType):
    """A package of an SDK whose `__init__` has not run yet.

    Other modules are no attributes of it: `Deployment` may be a module and a class, and `__init__` decides.
    """

    def __getattr__(self, name: str) -> Any:
        """What is not here yet: a part, an input type, or something for which `__init__` must run."""
        if name in _PARTS:
            return importlib.import_module(f"{self.__name__}.{name}")
        if name.startswith("__") and name != "__all__":
            raise AttributeError(name)
        if name.endswith(("Args", "ArgsDict")) and name in self._inputs.__all__:
            return getattr(self._inputs, name)
        self._complete()
        found = self.__dict__.get(name, sys.modules.get(f"{self.__name__}.{name}"))
        if found is None:
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        return found

    def __setattr__(self, name: str, value: Any) -> None:
        """Importing a module makes it an attribute of its package: only parts become one."""
        if name in _PARTS or not isinstance(value, ModuleType):
            super().__setattr__(name, value)

    def _complete(self) -> None:
        with _LOCK:
            if "_is_complete" not in self.__dict__:
                self.__dict__["_is_complete"] = True
                SourceFileLoader(self.__name__, str(self.__file__)).exec_module(self)


def install() -> None:
    """Put lean packages in the places of all that are not imported yet."""
    for sdk, pattern in SDKS.items():
        spec = find_spec(sdk)
        roots = spec.submodule_search_locations if spec else None
        for root in roots or ():
            for inputs in Path(root).glob(pattern):
                name = ".".join((sdk, *inputs.parent.relative_to(root).parts))
                if name not in sys.modules:
                    sys.modules[name] = _lean(name, inputs.parent)


def _lean(name: str, folder: Path) -> ModuleType:
    spec = spec_from_file_location(name, folder / "__init__.py", submodule_search_locations=[str(folder)])
    if spec is None:
        raise ImportError(f"{folder} is no package", name=name)
    package = module_from_spec(spec)
    package.__class__ = LeanPackage
    return package
