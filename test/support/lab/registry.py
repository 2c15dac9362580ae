"""A private image registry on loopback: Debian's docker-registry.

It keeps its port over a restart, and its access log tells a test which
manifests and blobs were asked for.
"""

import dataclasses
import os
import re

from .credentials import auth_value, htpasswd, write_file
from .images import push_image
from .process import Service, accepts_connections, free_port

_CONFIG = """\
version: 0.1
log: {{level: warn, accesslog: {{disabled: false}}}}
storage: {{filesystem: {{rootdirectory: {storage}}}}}
http: {{addr: "{host}:{port}", secret: lab{tls}}}
"""
_TLS = ", tls: {{certificate: {path}, key: {path}}}"
_PRIVATE = "auth: {{htpasswd: {{realm: lab, path: {path}}}}}\n"

_ACCESS = re.compile(r'"(GET|HEAD) /v2/(\S+)/(manifests|blobs)/([^\s?]+)\S* '
                     r'HTTP/[0-9.]+" (\d+)')


@dataclasses.dataclass(frozen=True)
class Request:
    """One read access: method, repository, manifests or blobs, which, code."""
    method: str
    repository: str
    kind: str
    reference: str
    code: int


class Registry:
    """Serves the images under `folder` on this address, loopback's if none.

    With an `account`, a user and a password, it lets in nobody else. With a
    `certificate`, a file that has its key too, it speaks HTTPS, and images are
    pushed by another registry on the same folder.
    """

    def __init__(self, folder, host="127.0.0.1", binary="docker-registry",
                 account=None, certificate=None):
        self.host = host
        self._account = account
        self.port = free_port(host)
        self._log_path = os.path.join(folder, "registry.log")
        config_path = os.path.join(folder, "registry.yml")
        with open(config_path, "w", encoding="utf-8") as config:
            config.write(_CONFIG.format(
                storage=os.path.join(folder, "registry"), host=host,
                port=self.port,
                tls=_TLS.format(path=certificate) if certificate else ""))
            if account:
                config.write(_PRIVATE.format(path=write_file(
                    folder, "htpasswd", htpasswd(account))))
        self._service = Service(
            "registry", [binary, "serve", config_path], self._log_path)

    def start(self):
        self._service.start(lambda: accepts_connections(self.port, self.host))

    def stop(self):
        self._service.stop()

    def push(self, repository, tag, image):
        headers = ({"Authorization": f"Basic {auth_value(self._account)}"}
                   if self._account else {})
        push_image((self.host, self.port), repository, tag, image, headers)

    def forget_requests(self):
        """Empties the access log.

        A line is written after its answer was sent, so the registry is
        restarted: then no line of the past can come late.
        """
        self.stop()
        os.truncate(self._log_path, 0)
        self.start()

    def stop_and_list_requests(self):
        """Ends the registry, so that the log is complete, and reads it."""
        self.stop()
        with open(self._log_path, encoding="utf-8") as log:
            found = _ACCESS.findall(log.read())
        return [Request(*fields, int(code)) for *fields, code in found]
