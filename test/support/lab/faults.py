"""What goes wrong at a BadRegistry, and where."""

import dataclasses
import json
import math

_BY_CODE = {
    401: ("UNAUTHORIZED", "authentication required"),
    403: ("DENIED", "requested access to the resource is denied"),
    429: ("TOOMANYREQUESTS", "too many requests"),
}
_BY_KIND = {
    "manifests": ("MANIFEST_UNKNOWN", "manifest unknown"),
    "blobs": ("BLOB_UNKNOWN", "blob unknown to registry"),
}


def error_body(code, kind):
    """What a registry says with an HTTP status; `kind` is what was asked for.

    Source: https://github.com/opencontainers/distribution-spec, error codes.
    """
    name, message = _BY_CODE.get(code) or (
        _BY_KIND.get(kind) if code == 404 else None) or ("LAB", "as told")
    return json.dumps({"errors": [{"code": name, "message": message}]}).encode()


@dataclasses.dataclass
class Fault:
    """One of the things that a BadRegistry was told to do."""
    kind: str
    after: int = 0
    code: int = 0
    body: bytes = b""
    headers: dict = dataclasses.field(default_factory=dict)
    of: str = "/blobs/"
    agent: str = ""
    times: float = math.inf
    fraction: float = 1.0

    def befalls(self, path, agent, dice, part):
        """Whether it concerns this request; `part` is the honest answer."""
        if self.of not in path or not agent.startswith(self.agent):
            return False
        if self.times < 1 or dice >= self.fraction:
            return False
        if self.kind in ("refuse", "replace"):
            return True
        if part is None or part.code >= 300:
            return False
        # A corrupt byte has its place in the blob, not in the answer.
        start = part.first if self.kind == "corrupt" else 0
        return 0 <= self.after - start < len(part.body)
