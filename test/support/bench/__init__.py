"""What scripts/bench measures, and how: cases on the fake runtime of the tests
and on a real containerd, each a row of a Markdown table."""
