"""Where the lab's parts are."""

from __future__ import annotations

import os
from pathlib import Path

from tools.setup.places import PATRONI_REQUIREMENTS, ROOT, cache, digest
from tools.setup.progress import SetupError

PACKAGES = ROOT / "k8s" / "image" / "packages.txt"
SUPERVISOR = ROOT / "components" / "supervisor"
RECIPE = Path(__file__).with_name("image.py")
HOW = (
    "the lab's folder (kubebox.sh and its kin) is not there; set POSTGRES_PLATFORM_LAB to it, or KUBECONFIG to a"
    " cluster that can run the image of k8s/image"
)


def lab() -> Path:
    """The folder of the lab's scripts; raises SetupError when there is none."""
    given = os.environ.get("POSTGRES_PLATFORM_LAB")
    found = Path(given) if given else ROOT.parent / "shared" / "kubernetes-lab"
    if not (found / "kubebox.sh").is_file():
        raise SetupError(HOW)
    return found


def state() -> Path:
    """All that a running lab writes. All accounts can reach it: its pods do not run as root."""
    return Path(os.environ.get("KUBEBOX_STATE", "/var/lib/postgres-platform/lab"))


def images() -> Path:
    """Image files that each node imports when it starts."""
    return state() / "images"


def kept() -> Path:
    """The image's lower layer, kept for every later build with the same packages."""
    return cache() / f"lab-{digest(PACKAGES, PATRONI_REQUIREMENTS, RECIPE)}"


def environment() -> dict[str, str]:
    """What the lab's scripts are told."""
    own = {
        "KUBEBOX_STATE": str(state()),
        "KUBEBOX_BIN": os.environ.get("KUBEBOX_BIN", str(cache() / "lab-programs")),
        "KUBEBOX_IMAGES": str(images()),
    }
    return dict(os.environ) | own
