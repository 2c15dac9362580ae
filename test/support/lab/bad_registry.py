"""A registry that serves images from memory and misbehaves when told to.

    with BadRegistry(seed=7) as registry:
        registry.add("team/app", "1.0", image)
        registry.stall(after=1_000_000, of=digest, times=1)
        ...
        assert registry.range_offsets(digest) == [1_000_000]

The read side of the protocol, in plain HTTP on a port of its own. A fault says
what goes wrong; its keywords say where: `of` is a part of the request's path
(a digest, a repository, "/manifests/"; by default any blob), `agent` how the
client's User-Agent begins (by default all), `times` how many requests it spoils
(by default all), and `fraction` which share of the connections it befalls, by
the seed. The first fault that fits happens.

Source: https://github.com/opencontainers/distribution-spec (the calls) and
https://www.rfc-editor.org/rfc/rfc9110#name-range-requests.
"""

import collections
import contextlib
import dataclasses
import fcntl
import http.server
import os
import random
import re
import socket
import struct
import termios
import threading
import time

from .faults import Fault, error_body
from .images import digest_of
from .process import wait_until
from .ranges import Part, part_of

_BLOB = "application/octet-stream"
_PAGE = b"<html>Down for maintenance</html>"
_HTML = "text/html; charset=utf-8"
_CHUNK_BYTES = 65536
_SEND_BUFFER_BYTES = 262144
_NO_LINGER = struct.pack("ii", 1, 0)
_PATH = re.compile(r"/v2/(.+)/(manifests|blobs)/([^/?]+)")


@dataclasses.dataclass(frozen=True)
class Request:
    """One request: `offset` is where its Range began, None without one."""
    method: str
    repository: str
    kind: str
    reference: str
    offset: int | None
    code: int
    agent: str = dataclasses.field(default="", compare=False)


@dataclasses.dataclass(frozen=True)
class Stall:
    """One stalled answer that the client gave up.

    `seconds` is how long nothing of any blob of the repository, whoever
    asked for it, had been sent by then.
    """
    repository: str
    digest: str
    seconds: float


class BadRegistry:
    """Serves on `port` of `host` from the start of its `with`.

    `bytes_per_second` holds for each connection by itself and may be set at
    any time; None is no limit. With `token_auth`, a TokenAuth, it is private.

    Threads: one for the listener and one for each connection. stop() ends
    them all, the stalled ones too.
    """

    def __init__(self, seed=0, bytes_per_second=None, host="127.0.0.1",
                 token_auth=None):
        self.bytes_per_second = bytes_per_second
        self.serves_ranges = True
        self.token_auth = token_auth
        self._lock = threading.Lock()
        self._random = random.Random(seed)
        self._contents = {"/v2/": (b"{}", "application/json")}
        self._faults = []
        self.requests = []  # all that were answered, a Request each
        self.stalls = []  # those that the client gave up, a Stall each
        self._bytes_served = collections.Counter()
        self._last_served = {}
        self._stopped = threading.Event()
        self._server = _Server(self, host)
        self._listener = threading.Thread(
            target=self._server.serve_forever, args=(0.05,), daemon=True)
        self.host, self.port = self._server.server_address

    def __enter__(self):
        self._listener.start()
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        """Ends the listener and all connections; may be called again."""
        if self._stopped.is_set():
            return
        self._stopped.set()
        self._server.shutdown()
        self._listener.join()
        self._server.end_connections()
        self._server.server_close()

    def add(self, repository, tag, image):
        """Makes an image available, as a push would."""
        contents = {f"manifests/{name}": (image.manifest, image.media_type)
                    for name in (tag, image.digest)}
        for blob in (image.config, *(layer.blob for layer in image.layers)):
            contents[f"blobs/{digest_of(blob)}"] = (blob, _BLOB)
        self._contents |= {f"/v2/{repository}/{path}": content
                           for path, content in contents.items()}

    # What goes wrong.

    def stall(self, after, **where):
        """Sends so many bytes of the answer's body, then nothing for ever.

        An answer that is no longer than `after` is not concerned.
        """
        self._faults.append(Fault("stall", after=after, **where))

    def reset(self, after, **where):
        """Sends so many bytes, then resets the connection."""
        self._faults.append(Fault("reset", after=after, **where))

    def truncate(self, after, **where):
        """Sends so many bytes of those announced, then closes in order."""
        self._faults.append(Fault("truncate", after=after, **where))

    def corrupt(self, position, **where):
        """Changes the byte at this position of the blob."""
        self._faults.append(Fault("corrupt", after=position, **where))

    def replace(self, body, **where):
        """Answers 200 with this page instead of what was asked for."""
        self._faults.append(Fault("replace", body=body, **where))

    def refuse(self, code, headers=None, **where):
        """Answers with this HTTP status and these headers."""
        self._faults.append(Fault("refuse", code=code,
                                  headers=headers or {}, **where))

    def page(self, **where):
        """Answers 200 with a page for people, as a captive portal does."""
        self.replace(_PAGE, **where)

    def behave(self):
        """Ends all faults; what is stalled stays so."""
        self._faults.clear()

    # What was served.

    def bytes_served(self, digest=None):
        """Counts the payload of all blobs, or of one, as it was sent."""
        with self._lock:
            served = self._bytes_served
            return served.total() if digest is None else served[digest]

    def range_offsets(self, digest):
        """Where the Range requests for a blob began."""
        return [request.offset for request in self.requests
                if request.reference == digest and request.offset is not None]

    # What the connections ask of it.

    def roll_dice(self):
        return self._random.random()

    def content(self, path):
        return self._contents.get(path)

    def next_fault(self, path, agent, dice, part):
        """The fault that befalls this answer; None for an honest one."""
        with self._lock:
            fault = next((fault for fault in self._faults
                          if fault.befalls(path, agent, dice, part)), None)
            if fault:
                fault.times -= 1
            return fault

    def note(self, request):
        with self._lock:
            self.requests.append(request)

    def note_served(self, digest, size):
        with self._lock:
            self._bytes_served[digest] += size
            self._last_served[digest] = time.monotonic()

    def note_hang_up(self, path):
        """Notes that the client gave up this answer, unless it was the end."""
        repository, _, digest = _split(path)
        folder = path.removesuffix(digest)
        now = time.monotonic()
        with self._lock:
            moved = max((moment for blob, moment in self._last_served.items()
                         if folder + blob in self._contents), default=now)
            if not self._stopped.is_set():
                self.stalls.append(Stall(repository, digest, now - moved))

    def wait_until(self, moment):
        """Waits for a time of time.monotonic(), or for the end."""
        self._stopped.wait(max(0, moment - time.monotonic()))


class _Server(http.server.ThreadingHTTPServer):
    """Knows its connections, so that it can end them."""

    request_queue_size = 128

    def __init__(self, registry, host):
        self.registry = registry
        self._connections = {}
        super().__init__((host, 0), _Connection)

    def process_request(self, request, client_address):
        thread = threading.Thread(target=self.process_request_thread,
                                  args=(request, client_address), daemon=True)
        self._connections[request] = thread
        thread.start()

    def process_request_thread(self, request, client_address):
        super().process_request_thread(request, client_address)
        del self._connections[request]

    def end_connections(self):
        for connection, thread in list(self._connections.items()):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            thread.join()


class _Connection(http.server.BaseHTTPRequestHandler):
    """Answers the requests of one connection, one after another."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def setup(self):
        super().setup()
        # Little on the way, so that what is counted as served has arrived.
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF,
                                   _SEND_BUFFER_BYTES)
        self._registry = self.server.registry
        self._dice = self._registry.roll_dice()

    def handle(self):
        with contextlib.suppress(OSError):
            super().handle()

    def log_message(self, *_):
        pass

    def do_GET(self):
        if self._is_turned_away():
            return
        path = self.path.partition("?")[0]
        content = self._registry.content(path)
        part = part_of(content, self.headers.get("Range")
                       if self._registry.serves_ranges else None)
        agent = self.headers.get("User-Agent", "")
        fault = self._registry.next_fault(
            path, agent, self._dice, part if self.command == "GET" else None)
        if fault and fault.kind == "refuse":
            part = Part(0, b"", fault.code)
        if fault and fault.kind == "replace":
            content, part = (fault.body, _HTML), Part(0, fault.body)
        if part.code >= 400 and part.code != 416:
            part = Part(0, error_body(part.code, _split(path)[1]), part.code)
        self._registry.note(Request(
            self.command, *_split(path),
            part.first if "Range" in self.headers else None, part.code, agent))
        self.send_response(part.code)
        for name, value in _headers(content, part, fault).items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "GET":
            self._send_body(path, part, fault)

    do_HEAD = do_GET

    def do_POST(self):
        if not self._is_turned_away():
            self.send_error(405)

    def _is_turned_away(self):
        token_auth = self._registry.token_auth
        return token_auth is not None and token_auth.has_answered(self)

    def _send_body(self, path, part, fault):
        body = memoryview(part.body)
        kind = fault.kind if fault else ""
        if kind == "corrupt":
            body = _corrupted(part.body, fault.after - part.first)
        if kind in ("stall", "reset", "truncate"):
            body = body[:fault.after]
        is_payload = "/blobs/" in path and part.code < 300
        self._send_at_rate(body, _split(path)[2] if is_payload else None)
        if kind == "stall":
            self._wait_for_the_end()
            self._registry.note_hang_up(path)
        if kind in ("truncate", "reset"):
            self.close_connection = True
        if kind == "reset":
            self._reset()

    def _send_at_rate(self, body, digest):
        due = time.monotonic()
        if digest:
            self._registry.note_served(digest, 0)
        while body:
            rate = self._registry.bytes_per_second
            # At most 20 ms of the link at once, so a new rate holds soon.
            size = min(_CHUNK_BYTES, max(1, int((rate or 10**9) / 50)))
            chunk, body = body[:size], body[size:]
            due = due + len(chunk) / rate if rate else time.monotonic()
            self._registry.wait_until(due)
            # Counted first: who has the bytes must find them in the count.
            if digest:
                self._registry.note_served(digest, len(chunk))
            self.connection.sendall(chunk)

    def _wait_for_the_end(self):
        """Returns when the client hangs up, or the registry ends."""
        self.close_connection = True
        with contextlib.suppress(OSError):
            while self.connection.recv(4096):
                pass

    def _reset(self):
        with contextlib.suppress(TimeoutError):
            # A reset drops what is still on its way.
            wait_until(lambda: _unsent_bytes(self.connection) == 0, 2, "sent")
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                   _NO_LINGER)
        # At once: the orderly way says goodbye first.
        os.close(self.connection.detach())


def _unsent_bytes(connection):
    answer = fcntl.ioctl(connection, termios.TIOCOUTQ, bytes(4))
    return struct.unpack("i", answer)[0]


def _headers(content, part, fault):
    headers = {"Content-Length": str(len(part.body)), "Accept-Ranges": "bytes"}
    if part.code < 300:
        headers["Content-Type"] = content[1]
        if content[1] not in (_BLOB, _HTML):
            headers["Docker-Content-Digest"] = digest_of(content[0])
    if part.content_range:
        headers["Content-Range"] = part.content_range
    return headers | (fault.headers if fault else {})


def _corrupted(body, position):
    changed = bytearray(body)
    changed[position] ^= 0xFF
    return memoryview(changed)


def _split(path):
    """The repository, the kind and the reference that a path names."""
    match = _PATH.fullmatch(path)
    return match.groups() if match else (path, "", "")
