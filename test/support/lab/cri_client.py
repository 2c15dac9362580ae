"""Asks a runtime over CRI what it holds, without prepull and without gRPC.

The tests must not learn from prepull whether prepull is right, and Debian has
neither crictl nor a reason to install Python's gRPC for three calls. So this
speaks the little of HTTP/2 and protobuf that calls need: one connection
and one stream per call, headers sent uncompressed, the answer's headers not
read. An answer without a message is a failed call.

Source: https://www.rfc-editor.org/rfc/rfc9113 (frames),
https://www.rfc-editor.org/rfc/rfc7541 (headers, literal form) and
https://github.com/kubernetes/cri-api (the messages).
"""

import socket
import struct

_DATA, _HEADERS, _RESET, _SETTINGS, _PING, _GOAWAY = 0, 1, 3, 4, 6, 7
_WINDOW_UPDATE = 8
_END_STREAM = _ACK = 1
_END_HEADERS = 4
_LARGEST_WINDOW = 2**31 - 1
_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"


class CallFailed(Exception):
    """The runtime does not answer, or answers with an error."""


class CriClient:
    """Calls the ImageService behind a unix socket."""

    def __init__(self, socket_path):
        self._socket_path = socket_path

    def list_images(self):
        """Lists every name (tag or digest) of every image."""
        answer = self._call("ListImages", b"")
        images = [_fields(value) for number, value in _fields(answer)
                  if number == 1]
        return sorted(value.decode() for image in images
                      for number, value in image if number in (2, 3))

    def pull_image(self, reference):
        self.start_pull(reference).wait()

    def start_pull(self, reference):
        """Calls PullImage and returns at once."""
        return RunningPull(self._open("PullImage", _image_spec(reference), 60))

    def remove_image(self, reference):
        """Removes the image with all its names."""
        self._call("RemoveImage", _image_spec(reference))

    def image_bytes(self):
        """What the runtime says that its images take on disk."""
        system = dict(_fields(dict(_fields(self._call("ImageFsInfo", b"")))[1]))
        return dict(_fields(system[3])).get(1, 0)

    def _call(self, method, message):
        with self._open(method, message, 10) as connection:
            return _message_of(connection, method)

    def _open(self, method, message, seconds):
        """A connection on which this call has begun."""
        connection = socket.socket(socket.AF_UNIX)
        try:
            connection.settimeout(seconds)
            connection.connect(self._socket_path)
            connection.sendall(
                begin_stream(f"/runtime.v1.ImageService/{method}") +
                data_frame(message, _END_STREAM))
            return connection
        except OSError as error:
            connection.close()
            raise CallFailed(f"{method}: {error}") from error


class RunningPull:
    """A call of PullImage; it is cancelled, or waited for."""

    def __init__(self, connection):
        self._connection = connection

    def wait(self):
        """Waits a minute at most. Errors: CallFailed."""
        with self._connection:
            _message_of(self._connection, "PullImage")

    def cancel(self):
        self._connection.close()


def begin_stream(path, metadata=None):
    """What opens a connection and a call on it."""
    headers = b"".join(
        b"\0" + short(name) + short(value)
        for name, value in {
            ":method": "POST", ":scheme": "http", ":authority": "lab",
            ":path": path, "content-type": "application/grpc",
            "te": "trailers", **(metadata or {})}.items())
    # Setting 4 is the window of a stream; the connection has its own.
    window = struct.pack(">HI", 4, _LARGEST_WINDOW)
    return (_PREFACE + _frame(_SETTINGS, 0, 0, window) +
            _frame(_WINDOW_UPDATE, 0, 0, struct.pack(">I", 2**30)) +
            _frame(_HEADERS, _END_HEADERS, 1, headers))


def data_frame(message, flags=0):
    """A message of the call."""
    return _frame(_DATA, flags, 1, struct.pack(">BI", 0, len(message)) + message)


def read_data(connection):
    """The next piece of the answer, and whether it was the last."""
    while True:
        head = _read_exactly(connection, 9)
        length = int.from_bytes(head[:3], "big")
        kind, flags = head[3], head[4]
        payload = _read_exactly(connection, length)
        if kind in (_SETTINGS, _PING) and not flags & _ACK:
            reply = payload if kind == _PING else b""
            connection.sendall(_frame(kind, _ACK, 0, reply))
        ended = kind in (_DATA, _HEADERS) and flags & _END_STREAM
        ended = bool(ended or kind in (_RESET, _GOAWAY))
        if kind == _DATA or ended:
            return payload if kind == _DATA else b"", ended


def _message_of(connection, method):
    """What the runtime answers to this call."""
    answer, ended = b"", False
    try:
        while not ended:
            data, ended = read_data(connection)
            answer += data
    except OSError as error:
        raise CallFailed(f"{method}: {error}") from error
    if len(answer) < 5:
        raise CallFailed(f"{method}: the runtime answered with an error")
    return answer[5:]


def _read_exactly(connection, size):
    content = b""
    while len(content) < size:
        chunk = connection.recv(size - len(content))
        if not chunk:
            raise OSError("the runtime closed the connection")
        content += chunk
    return content


def _frame(kind, flags, stream, payload):
    return (len(payload).to_bytes(3, "big") +
            struct.pack(">BBI", kind, flags, stream) + payload)


def short(text):
    """A string of less than 127 bytes as HPACK and protobuf both write it."""
    assert len(text) < 127, text
    return bytes([len(text)]) + text.encode()


def _image_spec(reference):
    name = b"\x0a" + short(reference)
    return b"\x0a" + bytes([len(name)]) + name


def _fields(message):
    """Splits a protobuf message into (field number, value) pairs."""
    fields, position = [], 0
    while position < len(message):
        key, position = _varint(message, position)
        value, position = _value(message, position, key & 7)
        fields.append((key >> 3, value))
    return fields


def _value(message, position, wire_type):
    if wire_type == 0:
        return _varint(message, position)
    if wire_type == 2:
        length, position = _varint(message, position)
        return message[position:position + length], position + length
    raise CallFailed(f"wire type {wire_type} is not used by CRI")


def _varint(message, position):
    value = shift = 0
    while True:
        byte = message[position]
        value |= (byte & 127) << shift
        position, shift = position + 1, shift + 7
        if byte < 128:
            return value, position
