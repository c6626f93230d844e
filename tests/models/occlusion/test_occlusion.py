"""Occlusion sensitivity: numbers known by hand, on pictures that are never square."""

import numpy as np
import pytest

from models.errors import Cancelled, InputError
from models.occlusion.occlusion import BATCH, FILLS, cost, filling, occlusion_map, patch_origins, share_inside

WHITE = np.full((7, 9, 3), 255, np.uint8)


def one_pixel(batch):
    """Score = brightness of the pixel in row 3, column 5: nothing else can matter."""
    return batch[:, 3, 5, 0] / 255


def left_minus_right(batch):
    """Score = mean of the left three columns less that of the right three."""
    return (batch[:, :, :3].mean((1, 2, 3)) - batch[:, :, -3:].mean((1, 2, 3))) / 255


class Recorder:
    def __init__(self, cancel_after=None):
        self.shares, self.cancel_after = [], cancel_after

    def event(self, **fields):
        self.shares.append(fields["share"])
        if len(self.shares) == self.cancel_after:
            raise Cancelled

    def check(self):
        pass


@pytest.mark.parametrize(
    ("size", "patch", "stride", "origins"),
    [(9, 3, 3, [0, 3, 6]), (10, 3, 3, [0, 3, 6, 7]), (7, 7, 1, [0]), (5, 2, 1, [0, 1, 2, 3]), (8, 5, 4, [0, 3])],
)
def test_the_last_patch_sits_flush_with_the_edge(size, patch, stride, origins):
    assert patch_origins(size, patch, stride).tolist() == origins


@pytest.mark.parametrize("size", range(1, 14))
def test_every_pixel_is_covered_whatever_patch_and_stride(size):
    for patch in range(1, size + 1):
        for stride in range(1, patch + 1):
            covered = np.zeros(size, int)
            for origin in patch_origins(size, patch, stride):
                assert 0 <= origin <= size - patch
                covered[origin : origin + patch] += 1
            assert covered.min() >= 1


@pytest.mark.parametrize(("patch", "stride"), [(3, 4), (0, 0), (8, 2), (3, 0), (3, -1)])
def test_impossible_sizes_are_refused_with_what_was_expected(patch, stride):
    with pytest.raises(InputError, match=r"Expected 1 <= stride <= patch <= side of the picture \(7 px\)\. Received"):
        cost(7, 9, patch, stride)
    with pytest.raises(InputError, match="Received stride"):
        occlusion_map(one_pixel, WHITE, patch=patch, stride=stride)


def test_the_cost_is_the_number_of_positions_on_both_axes():
    assert cost(7, 9, 3, 2) == 3 * 4
    assert cost(96, 96, 32, 16) == 25
    assert cost(96, 96, 16, 8) == 121


@pytest.mark.parametrize(("patch", "stride"), [(1, 1), (2, 1), (3, 2), (3, 3)])
def test_only_patches_over_the_pixel_change_the_score(patch, stride):
    result = occlusion_map(one_pixel, WHITE, patch=patch, stride=stride, fill="grey")
    expected = np.zeros((7, 9))
    count = np.zeros((7, 9))
    for row in patch_origins(7, patch, stride):
        for col in patch_origins(9, patch, stride):
            hit = row <= 3 < row + patch and col <= 5 < col + patch
            expected[row : row + patch, col : col + patch] += hit * (1 - 128 / 255)
            count[row : row + patch, col : col + patch] += 1
    assert result.drop.shape == (7, 9)
    assert result.drop.dtype == np.float32
    np.testing.assert_allclose(result.drop, expected / count, atol=1e-6)
    assert result.drop[3, 5] == pytest.approx(127 / 255)


def test_the_map_of_a_patch_of_two_is_known_by_hand():
    # Patch 2, stride 1 on one pixel: a neighbour shares one of its four patches per shared row and column.
    drop = occlusion_map(one_pixel, WHITE, patch=2, stride=1).drop * 255 / 127
    np.testing.assert_allclose(drop[2:5, 4:7], [[0.25, 0.5, 0.25], [0.5, 1, 0.5], [0.25, 0.5, 0.25]], atol=1e-6)
    assert drop.sum() == pytest.approx(4)


def test_evidence_against_the_class_is_negative():
    image = WHITE.copy()
    drop = occlusion_map(left_minus_right, image, patch=3, stride=3).drop
    # Hiding a 3 x 3 of 7 x 3 left pixels costs 9/21 of the grey step of 127/255; rows 0, 3 and 4 overlap evenly.
    np.testing.assert_allclose(drop[0, [0, 4, 8]], [9 / 21 * 127 / 255, 0, -9 / 21 * 127 / 255], atol=1e-6)
    np.testing.assert_allclose(drop, -drop[:, ::-1], atol=1e-6)


def test_the_drop_is_measured_from_the_untouched_picture_not_from_one():
    result = occlusion_map(lambda batch: np.full(len(batch), 0.3), WHITE, patch=3, stride=2)
    assert result.base_score == pytest.approx(0.3)
    assert np.abs(result.drop).max() < 1e-6


def test_positions_keep_their_own_scores():
    image = WHITE.copy()
    result = occlusion_map(one_pixel, image, patch=3, stride=2)
    assert result.rows.tolist() == [0, 2, 4]
    assert result.cols.tolist() == [0, 2, 4, 6]
    hit = np.zeros((3, 4), bool)
    hit[np.ix_([1], [2])] = True  # rows 2-4 hold row 3; of the columns only 4-6 holds column 5
    np.testing.assert_allclose(result.occluded, np.where(hit, 128 / 255, 1), atol=1e-6)
    assert (result.patch, result.stride, result.fill) == (3, 2, "grey")
    assert np.array_equal(image, WHITE)


def test_passes_are_counted_and_batches_bounded():
    sizes = []

    def score(batch):
        sizes.append(len(batch))
        return one_pixel(batch)

    image = np.full((12, 15, 3), 255, np.uint8)
    result = occlusion_map(score, image, patch=2, stride=1)
    assert sizes == [1, BATCH, BATCH, 11 * 14 - 2 * BATCH]
    assert result.n_passes == sum(sizes) == cost(12, 15, 2, 1) + 1


@pytest.mark.parametrize("batch", [1, 2, 5])
def test_the_batch_size_does_not_change_the_answer(batch):
    picture = np.random.default_rng(3).integers(0, 256, (11, 8, 3), np.uint8)
    sizes = []

    def score(pictures):
        sizes.append(len(pictures))
        return left_minus_right(pictures)

    whole = occlusion_map(score, picture, patch=4, stride=3)
    assert sizes == [1, 12]
    sizes.clear()
    parts = occlusion_map(score, picture, patch=4, stride=3, batch=batch)
    assert sizes == [1, *[batch] * (12 // batch), *[12 % batch] * (12 % batch > 0)]
    np.testing.assert_array_equal(whole.occluded, parts.occluded)
    np.testing.assert_array_equal(whole.drop, parts.drop)


def test_progress_is_told_and_can_cancel():
    image = np.full((12, 15, 3), 255, np.uint8)
    heard = Recorder()
    occlusion_map(one_pixel, image, patch=2, stride=1, progress=heard)
    assert heard.shares == pytest.approx([0, 64 / 154, 128 / 154])
    with pytest.raises(Cancelled):
        occlusion_map(one_pixel, image, patch=2, stride=1, progress=Recorder(cancel_after=2))


def test_fills_by_hand():
    image = np.zeros((2, 4, 3), np.uint8)
    image[:, 2:] = (200, 100, 50)
    assert np.unique(filling(image, "grey", 2)).tolist() == [128]
    assert np.unique(filling(image, "mean", 2).reshape(-1, 3), axis=0).tolist() == [[100, 50, 25]]
    noise = filling(image, "noise", 2)
    assert np.array_equal(noise, filling(image, "noise", 2))
    assert not np.array_equal(noise, filling(image, "noise", 2, seed=1))
    with pytest.raises(InputError, match=r"Expected the fill to be one of grey, mean, blur, noise\. Received 'black'"):
        filling(image, "black", 2)


def test_the_blur_keeps_flat_pictures_and_smooths_edges_along_the_right_axis():
    flat = np.full((5, 8, 3), 77, np.uint8)
    assert np.array_equal(filling(flat, "blur", 4), flat)
    edge = np.zeros((5, 8, 3), np.uint8)
    edge[:, 4:] = 240
    blurred = filling(edge, "blur", 2)[..., 0].astype(int)
    assert np.all(np.diff(blurred, axis=1) >= 0)
    assert np.all(np.diff(blurred, axis=0) == 0)
    # sigma 1: column 3 lies 1, 2, 3 and 4 px from the bright ones
    weight = np.exp(-(np.arange(-3, 5) ** 2) / 2)
    assert blurred[2, 3] == round(240 * weight[4:].sum() / weight.sum())


@pytest.mark.parametrize("fill", FILLS)
def test_every_fill_hides_only_the_patch(fill):
    seen = []
    picture = np.random.default_rng(1).integers(0, 256, (7, 9, 3), np.uint8)
    occlusion_map(
        lambda batch: seen.append(batch.copy()) or np.zeros(len(batch)), picture, patch=7, stride=2, fill=fill
    )
    hidden = filling(picture, fill, 7)
    assert np.array_equal(seen[1][0][:, :7], hidden[:, :7])
    assert np.array_equal(seen[1][0][:, 7:], picture[:, 7:])


def test_share_inside_the_mask():
    drop = np.array([[3.0, 1.0, -8.0], [0.0, 0.0, -1.0]], np.float32)
    mask = np.array([[True, False, True], [False, False, True]])
    assert share_inside(drop, mask) == pytest.approx(0.75)
    assert share_inside(-np.abs(drop), mask) is None
