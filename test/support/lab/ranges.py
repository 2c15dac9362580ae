"""What of a content an answer carries, as the request's Range header asks.

Source: https://www.rfc-editor.org/rfc/rfc9110#name-range-requests.
"""

import dataclasses
import re

_RANGE = re.compile(r"bytes=(\d*)-(\d*)")


@dataclasses.dataclass(frozen=True)
class Part:
    """A piece of a content and the status that goes with it."""
    first: int
    body: bytes
    code: int = 200
    content_range: str = ""


def part_of(content, asked):
    """What a Range header asks of a content, which is None if it is not."""
    if content is None:
        return Part(0, b"", 404)
    body = content[0]
    match = _RANGE.fullmatch(asked or "")
    if not match or match.groups() == ("", ""):
        return Part(0, body)
    first, last = match.groups()
    if not first:
        first, last = max(0, len(body) - int(last)), ""
    first = int(first)
    end = min(int(last) + 1 if last else len(body), len(body))
    if first >= end:
        return Part(first, b"", 416, f"bytes */{len(body)}")
    return Part(first, body[first:end], 206,
                 f"bytes {first}-{end - 1}/{len(body)}")
