"""What the comparison says of backbones, in words and as a figure, against numbers known by hand."""

from dashboard.views.backbone import compared, figures
from tests.models.representations.test_architectures import made


def test_a_clear_best_is_called_best_and_the_others_by_their_distance():
    result = made(20, 36, 35)
    assert compared.headline(result, 7) == (
        "Galaxies: EfficientNet-Lite0 names 90.0% (76.9–96.0%) of 40 test pictures right, not clearly more than "
        "MobileNetV2."
    )
    assert compared.others(result, 7) == (
        "Clearly behind it: Frame8 (40.0 points, p < 0.001). Behind it by no more than luck explains: MobileNetV2 (2.5 "
        "points, p = 1). (McNemar's exact test on the same pictures, times the 3 pairs.)"
    )
    clear = made(20, 36)
    assert compared.headline(clear, 7).startswith("Galaxies: EfficientNet-Lite0 serves best. It names 90.0%")
    assert "p < 0.001). (McNemar's exact test on the same pictures.)" in compared.others(clear, 7)


def test_the_front_and_the_work_are_said_as_they_are():
    result = made(30, 35, 32, times=(1.0, 2.0, 3.0))
    assert compared.on_the_front(result, 7, "parameters") == (
        "Pareto front: Frame8, MobileNetV2, EfficientNet-Lite0. Whatever is more accurate than one of them costs more."
    )
    alone = "Pareto front: MobileNetV2 alone. No other is more accurate, and none costs less."
    assert compared.on_the_front(made(30, 35, 36), 7, "macs") == alone
    assert compared.on_the_front(made(30, 36, 36), 7, "macs") == alone  # another is as accurate, and dearer
    assert compared.work_and_time(result) == (
        "MobileNetV2 multiplies least (55 million times for a picture), yet Frame8 is done first (1 ms against 3 ms): "
        "time is not multiplications alone."
    )
    assert compared.work_and_time(made(30, 35, times=(3.0, 1.0))) == (
        "EfficientNet-Lite0 multiplies least (125 million times for a picture) and is done first (1 ms)."
    )


def test_the_figure_shows_every_backbone_once_and_the_front_as_steps():
    figure = figures.accuracy_by_cost(made(30, 35, 30), 7, "parameters", 300)
    line, front, beaten = figure.data
    assert line.line.shape == "hv" and list(line.y) == [0.75, 0.875, 0.875]
    assert list(front.text) == ["Frame8", "EfficientNet-Lite0"] and list(front.x) == [1.417552, 3.413024]
    assert list(beaten.text) == ["MobileNetV2"] and list(beaten.y) == [0.75]
    assert front.customdata[0][1] == "75.0% (59.8–85.8%)"
    low, high = (10**end for end in figure.layout.xaxis.range)
    assert low < 1.42 and high > 3.41 and list(figure.layout.xaxis.ticktext) == ["1", "2", "5"]
