"""What is said of the answers of every epoch, and that no file is believed that does not fit its run.

That the answers are those of the network is checked where its weights are kept: `test_kept_epochs.py`.
"""

from dataclasses import replace

import numpy as np
import pytest

from models.storage import files, runs
from models.training import epoch_answers
from models.training.epoch_answers import EpochAnswers
from models.training.results import load_result
from models.training.spec import GENTLE, TrainingSpec

LABEL = np.array([0, 0, 1, 2, 2], np.uint8)
ANSWER = np.array([[2, 2, 2, 2, 2], [0, 2, 1, 2, 0], [0, 2, 2, 2, 2], [0, 2, 2, 2, 2]], np.uint8)
HELD = EpochAnswers(
    np.array([0, 1, 2, 4]), np.array([30, 3, 12, 7, 9]), LABEL, ANSWER, np.full(ANSWER.shape, 0.5, np.float16)
)


def a_run(answers=HELD, dataset="galaxies"):
    run = runs.create("training", TrainingSpec(dataset=dataset, epochs=4).to_json(), owner="", title="t")
    epoch_answers.write(run.folder, answers)
    return run


def test_every_epoch_says_how_many_are_right_and_how_many_answers_changed():
    assert epoch_answers.sentences(HELD, best=4) == (
        "Before the first epoch: 2 of 5 right.",
        "Epoch 1: 3 of 5 right; 3 answers changed in this epoch.",
        "Epoch 2: 3 of 5 right; 2 answers changed in this epoch.",
        "Epoch 4: 3 of 5 right; no answer changed since epoch 2. Its weights were kept.",
    )
    one = replace(HELD, epoch=np.array([0, 2, 3, 4]), answer=np.array([[0] * 5, [0, 0, 0, 0, 1]] * 2, np.uint8))
    assert epoch_answers.sentences(one)[1] == "Epoch 2: 2 of 5 right; 1 answer changed since the start."


def test_what_was_right_after_an_earlier_epoch_and_is_wrong_now_is_forgotten():
    assert HELD.right.tolist() == [
        [False, False, False, True, True],
        [True, False, True, True, False],
        [True, False, False, True, True],
        [True, False, False, True, True],
    ]
    # The last picture was right before the first epoch: a guess, of which nothing was forgotten in epoch 1.
    assert HELD.forgotten.tolist() == [[0] * 5, [0] * 5, [0, 0, 1, 0, 0], [0, 0, 1, 0, 0]]
    again = replace(HELD, answer=np.array([[2] * 5, [0, 0, 1, 2, 2], [1, 1, 1, 2, 2], [1, 1, 2, 0, 2]], np.uint8))
    assert again.forgotten.tolist()[2:] == [[1, 1, 0, 0, 0], [1, 1, 2, 2, 0]]  # of several epochs, the last
    assert epoch_answers.forgotten_sentences(again) == (
        "nothing yet.",
        "no picture that was right after an earlier epoch is wrong after epoch 1.",
        "2 of 5 were right after an earlier epoch and are wrong after epoch 2.",
        "4 of 5 were right after an earlier epoch and are wrong after epoch 4.",
    )
    assert epoch_answers.forgotten_sentences(HELD)[3].startswith("1 of 5 was right after an earlier epoch and is wrong")


def test_what_changed_between_an_epoch_and_the_kept_one_is_counted():
    label = np.array([0, 1, 2, 0, 1, 2], np.uint8)
    answer = np.array([[0, 0, 0, 2, 0, 0], [0, 1, 0, 1, 1, 2], [0, 1, 2, 0, 0, 2], [1, 1, 2, 1, 0, 0]], np.uint8)
    held = EpochAnswers(np.array([0, 1, 2, 4]), np.arange(6), label, answer, np.full(answer.shape, 0.5, np.float16))
    assert [epoch_answers.change_sentence(held, epoch, 2) for epoch in (0, 1, 2, 4)] == [
        "From before the first epoch to epoch 2, whose weights were kept: 4 pictures became right and 0 became wrong, "
        "so that 5 of 6 are right instead of 1.",
        "From epoch 1 to epoch 2, whose weights were kept: 2 pictures became right and 1 became wrong, so that 5 of 6 "
        "are right instead of 4.",
        "After epoch 2, whose weights were kept. The slider shows the other 3 epochs.",
        "From epoch 2, whose weights were kept, to epoch 4: 0 pictures became right and 3 became wrong, so that 2 of 6 "
        "are right instead of 5.",
    ]
    assert "1 picture became right" in epoch_answers.change_sentence(replace(held, answer=answer[[0, 2, 1, 3]]), 1, 2)


def test_the_table_of_an_epoch_holds_the_answers_and_how_sure_they_were():
    held = replace(HELD, confidence=np.linspace(0.4, 0.9, ANSWER.size, dtype=np.float16).reshape(ANSWER.shape))
    table = held.probabilities(2, 3)
    assert table.argmax(axis=1).tolist() == [0, 2, 2, 2, 2] and (table > 0).sum() == 5
    assert table.max(axis=1).tolist() == held.confidence[2].tolist()


def test_the_matrices_count_every_truth_and_answer():
    found = HELD.matrices(3)
    assert found[1].tolist() == [[1, 0, 1], [0, 1, 0], [1, 0, 1]]
    for matrix, answer in zip(found, ANSWER, strict=True):
        slow = np.zeros((3, 3), int)
        for truth, said in zip(LABEL, answer, strict=True):
            slow[truth, said] += 1
        assert matrix.tolist() == slow.tolist()


def test_an_epoch_that_was_not_kept_is_the_one_before():
    assert [HELD.place(epoch) for epoch in (0, 1, 3, 4, 99)] == [0, 1, 2, 3, 3]


def test_a_sample_is_evenly_spaced_and_smaller_sets_stay_whole():
    assert HELD.some(5) is HELD
    assert HELD.some(3).index.tolist() == [30, 12, 9] and HELD.some(3).answer[1].tolist() == [0, 1, 0]


@pytest.mark.parametrize(
    ("asking", "learning", "step"), [(3e8, 3e9, 2), (3e8, 6.1e9, 1), (3e8, 3e8, 32), (4e7, 1e3, 1), (3e8, 0, 1024)]
)
def test_asking_takes_at_most_a_twentieth_of_an_epoch(asking, learning, step):
    assert epoch_answers.stride(asking, learning) == step


def test_answers_come_back_as_they_were():
    found = epoch_answers.read(a_run())
    assert all(getattr(found, name).tobytes() == getattr(HELD, name).tobytes() for name in HELD.__slots__)


@pytest.mark.parametrize(
    "wrong",
    [
        {"epoch": np.array([0, 1, 1, 4])},
        {"epoch": np.array([0, 1, 2])},
        {"epoch": np.array([-1, 1, 2, 4])},
        {"epoch": np.array([0.0, 1, 2, 4])},
        {"index": np.array([30, 3, 12, 7, 1500])},
        {"index": np.array([30, 3, 12, 7, 7])},
        {"label": np.array([0, 0, 1, 2, 5], np.uint8)},
        {"label": LABEL[:4]},
        {"answer": np.full(ANSWER.shape, 5, np.uint8)},
        {"answer": ANSWER.astype(np.int64)},
        {"answer": ANSWER[:, :4]},
        {"confidence": np.full(ANSWER.shape, np.nan, np.float16)},
        {"confidence": np.full(ANSWER.shape, 1.5, np.float16)},
        {"confidence": "none"},
        {"epoch": np.zeros(0, np.int64), "answer": ANSWER[:0], "confidence": HELD.confidence[:0]},
    ],
)
def test_arrays_that_cannot_be_answers_are_not_read(wrong):
    assert epoch_answers.read(a_run(replace(HELD, **wrong))) is None


def test_damaged_and_foreign_files_are_not_read():
    run = a_run()
    path = run.path(epoch_answers.FILE)
    path.write_bytes(path.read_bytes()[:200])
    assert epoch_answers.read(run) is None
    path.write_bytes(files.pack(GENTLE))
    assert epoch_answers.read(run) is None
    path.unlink()
    assert epoch_answers.read(run) is None


def test_answers_of_another_run_are_not_those_of_a_result():
    run = runs.get(runs.EXAMPLE)
    result = load_result(run)
    found = epoch_answers.of_result(run, result)
    assert found.epoch.tolist() == list(range(61)) and found.confidence.dtype == np.float16
    last = result.summary["best_epoch"]
    assert found.answer[found.place(last)].tolist() == result.probability.argmax(axis=1).tolist()
    np.testing.assert_allclose(found.confidence[last], result.probability.max(axis=1), atol=1e-3)
    other = replace(result, probability=np.roll(result.probability, 1, axis=0))
    assert epoch_answers.of_result(run, other) is None
    assert epoch_answers.of_result(run, replace(result, index=result.index[::-1])) is None
    assert epoch_answers.of_result(run, replace(result, summary={**result.summary, "best_epoch": 99})) is None
    assert epoch_answers.of_result(run, replace(result, history=result.history[:50])) is None
