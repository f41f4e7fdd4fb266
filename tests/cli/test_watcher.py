"""Changes of files are told once, after they have been quiet."""

from __future__ import annotations

from headwater.cli.watcher import Changes

ONE, TWO, THREE = (1, 1, 1), (1, 2, 2), (1, 3, 3)


def test_a_change_is_told_when_it_has_been_quiet() -> None:
    changes = Changes({"a": ONE, "b": ONE}, quiet=1.0)
    assert changes.look(0.0, {"a": TWO, "b": ONE}) == ([], [])
    assert changes.look(0.5, {"a": THREE, "b": ONE}) == ([], [])
    assert changes.look(1.4, {"a": THREE, "b": ONE}) == ([], [])
    assert changes.look(1.5, {"a": THREE, "b": ONE}) == (["a"], [])
    assert changes.look(9.0, {"a": THREE, "b": ONE}) == ([], [])


def test_new_and_removed_files_are_told() -> None:
    changes = Changes({"a": ONE}, quiet=1.0)
    changes.look(0.0, {"b": ONE})
    assert changes.look(1.0, {"b": ONE}) == (["b"], ["a"])


def test_a_file_written_anew_within_the_quiet_time_was_never_gone() -> None:
    changes = Changes({"a": ONE}, quiet=1.0)
    changes.look(0.0, {})
    changes.look(0.5, {"a": TWO})
    assert changes.look(1.6, {"a": TWO}) == (["a"], [])


def test_a_change_that_is_taken_back_is_none() -> None:
    changes = Changes({"a": ONE}, quiet=1.0)
    changes.look(0.0, {"a": TWO})
    changes.look(0.5, {"a": ONE})
    assert changes.look(5.0, {"a": ONE}) == ([], [])
