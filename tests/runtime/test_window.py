"""How much is taken at a time: by how long it took before."""

from __future__ import annotations

from headwater.runtime.stages.window import Window


def grown(to: int = 1024) -> Window:
    window = Window()
    while window.limit < to:
        window.observe(window.limit, 0.001)
    return window


def test_quick_chunks_double_it_up_to_the_maximum() -> None:
    window = grown()
    for _ in range(20):
        window.observe(window.limit, 0.001)
    assert window.limit == window.maximum


def test_chunks_that_do_not_fill_it_do_not_widen_it() -> None:
    window = grown(64)
    window.observe(1, 0.001)
    assert window.limit == 64


def test_a_stall_halves_it_at_most_and_is_made_good_by_the_next_quick_chunk() -> None:
    window = grown(1024)
    window.observe(1024, 0.9)
    assert window.limit == 512
    window.observe(512, 0.03)
    assert window.limit == 1024


def test_what_takes_seconds_shrinks_it_to_what_fits_into_a_tenth_of_one() -> None:
    window = grown(1024)
    window.observe(1000, 100.0)
    assert window.limit == 1


def test_it_settles_where_a_chunk_takes_less_than_a_tenth_of_a_second() -> None:
    window = grown(2048)
    for _ in range(30):
        window.observe(window.limit, window.limit * 0.001)
    assert 25 <= window.limit <= 100


def test_a_queue_before_it_does_not_count_as_slowness() -> None:
    window = Window()
    for number in range(1, 20):
        # Sent at once, done one after the other: each took a millisecond.
        window.passed(window.limit, 0.0, number * 0.001)
    assert window.limit == window.maximum
