"""Container images of a rehearsal: built from the services' own Dockerfiles on local bases, kept by content.

In the cloud, CI builds the same Dockerfiles on the vendors' bases and pushes them; both end in a release
manifest that names each image by digest, and that is all the Pulumi program knows.
"""

from __future__ import annotations

from groundplan.rehearsal.images.build import build, packages
from groundplan.rehearsal.images.load import load
from groundplan.rehearsal.images.release import Release, image_reference

__all__ = ["Release", "build", "image_reference", "load", "packages"]
