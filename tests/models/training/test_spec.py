"""The specification of a training run: the name that its run goes by."""

from dataclasses import replace

from models.training.spec import AugmentationSpec, TrainingSpec


def test_a_run_goes_by_data_backbone_and_what_learns():
    spec = TrainingSpec(trainable=("conv5", "conv5_bn"), weights="random", shots=20)
    assert spec.title == "Galaxies: Frame8 2 layers learn, random weights, 20 shots"
    more = replace(spec, head_epochs=3, label_noise=0.2, split_seed=4, augmentation=AugmentationSpec(hue=1.0))
    assert more.title == (
        "Galaxies: Frame8 head first, then 2 layers learn, random weights, 20 shots, 20% wrong labels, split 4, "
        "augmented"
    )
