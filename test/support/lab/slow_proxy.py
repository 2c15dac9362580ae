"""A slow link in front of a registry: a TCP forwarder with a speed limit.

All connections share the limit, which holds for what the registry sends. It
can be changed while pulls run, so a test holds a pull in its middle for as
long as it needs and then lets it go.
"""

import contextlib
import socket
import threading
import time

from .process import free_port

_CHUNK_BYTES = 8192


class SlowProxy:
    """Forwards `port` to `target_port`, both of `host`.

    `bytes_per_second` may be set at any time; None lifts the limit.

    Threads: one for the listener and two for each connection.
    """

    def __init__(self, target_port, bytes_per_second, host="127.0.0.1"):
        self.host = host
        self.port = free_port(host)
        self.bytes_per_second = bytes_per_second
        self._target_port = target_port
        self._lock = threading.Lock()
        self._next_free = 0.0
        self._sockets = set()
        self._stopped = threading.Event()
        self._listener = socket.create_server((host, self.port))

    def start(self):
        self._in_background(self._accept)

    def stop(self):
        """Closes the listener and every connection."""
        self._stopped.set()
        with self._lock:
            open_sockets = [self._listener, *self._sockets]
        for one in open_sockets:
            _shut(one)
        self._listener.close()

    def _accept(self):
        with contextlib.suppress(OSError):
            while not self._stopped.is_set():
                client, _ = self._listener.accept()
                self._in_background(self._serve, client)

    def _serve(self, client):
        with client, contextlib.suppress(OSError):
            target = (self.host, self._target_port)
            with socket.create_connection(target) as server:
                with self._known(client, server):
                    upward = self._in_background(_copy, client, server)
                    _copy(server, client, self._wait_for_turn)
                    upward.join()

    @contextlib.contextmanager
    def _known(self, *pair):
        with self._lock:
            self._sockets.update(pair)
        try:
            yield
        finally:
            with self._lock:
                self._sockets.difference_update(pair)

    def _wait_for_turn(self, size):
        with self._lock:
            if self.bytes_per_second is None:
                return
            start = max(time.monotonic(), self._next_free)
            self._next_free = start + size / self.bytes_per_second
            delay = self._next_free - time.monotonic()
        self._stopped.wait(delay)

    def _in_background(self, function, *arguments):
        thread = threading.Thread(target=function, args=arguments, daemon=True)
        thread.start()
        return thread


def _copy(source, sink, wait_for_turn=lambda size: None):
    with contextlib.suppress(OSError):
        while chunk := source.recv(_CHUNK_BYTES):
            wait_for_turn(len(chunk))
            sink.sendall(chunk)
    _shut(source)
    _shut(sink)


def _shut(one):
    with contextlib.suppress(OSError):
        one.shutdown(socket.SHUT_RDWR)
