"""Frame8's 200 classes in groups, as a coarser vocabulary would have them. The groups are our own."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

_GROUPS = {
    "mammal": (
        "Egyptian cat, German shepherd, brown bear, guinea pig, Arabian camel, baboon, Labrador retriever, lesser "
        "panda, chimpanzee, tabby, koala, gazelle, golden retriever, hog, cougar, dugong, ox, Persian cat, "
        "Yorkshire terrier, bighorn, orangutan, bison, Chihuahua, lion, standard poodle, African elephant"
    ),
    "bird": "albatross, king penguin, goose, black stork",
    "fish, reptile or amphibian": (
        "bullfrog, goldfish, European fire salamander, American alligator, boa constrictor, tailed frog"
    ),
    "insect, spider or crab": (
        "monarch, sulphur butterfly, tarantula, cockroach, mantis, ladybug, bee, spiny lobster, dragonfly, fly, "
        "scorpion, black widow, American lobster, centipede, trilobite, grasshopper, walking stick"
    ),
    "snail, jellyfish or coral": "snail, sea cucumber, jellyfish, slug, brain coral, sea slug",
    "food or drink": (
        "lemon, espresso, pizza, potpie, ice cream, pretzel, banana, guacamole, mushroom, ice lolly, "
        "confectionery, orange, mashed potato, pomegranate, bell pepper, meat loaf, acorn, cauliflower"
    ),
    "clothes": (
        "cardigan, sock, fur coat, academic gown, miniskirt, neck brace, sombrero, gasmask, sandal, vestment, "
        "sunglasses, Christmas stocking, apron, swimming trunks, bikini, bow tie, military uniform, kimono, poncho"
    ),
    "vehicle": (
        "school bus, freight car, moving van, bullet train, tractor, police van, jinrikisha, limousine, sports "
        "car, lawn mower, beach wagon, trolleybus, convertible, go-kart, gondola, lifeboat"
    ),
    "building": (
        "triumphal arch, dam, butcher shop, water tower, suspension bridge, steel arch bridge, barn, barbershop, "
        "cliff dwelling, viaduct, altar, obelisk, birdhouse, beacon, thatch, fountain, bannister, picket fence, "
        "turnstile"
    ),
    "landscape": "cliff, seashore, coral reef, lakeside, alp, spider web",
    "furniture or household": (
        "rocking chair, plunger, dining table, umbrella, space heater, lampshade, torch, barrel, candle, desk, "
        "chest, broom, refrigerator, bathtub, bucket, teddy, backpack"
    ),
    "kitchen and table": (
        "pop bottle, beer bottle, teapot, frying pan, wok, pill bottle, water jug, wooden spoon, plate, beaker"
    ),
    "sport or music": (
        "volleyball, basketball, organ, oboe, punching bag, rugby ball, snorkel, drumstick, dumbbell, maypole, "
        "scoreboard"
    ),
    "device, tool or thing": (
        "reel, parking meter, hourglass, computer keyboard, nail, projectile, remote control, pay-phone, abacus, "
        "CD player, cannon, iPod, potter's wheel, cash machine, crane, sewing machine, stopwatch, flagpole, brass, "
        "syringe, chain, comic book, pole, magnetic compass, binoculars"
    ),
}
GROUPS = {group: tuple(names.split(", ")) for group, names in _GROUPS.items()}
_GROUP_OF = {name: group for group, names in GROUPS.items() for name in names}


def coarse(probabilities: np.ndarray, classes: Sequence[str]) -> dict[str, list[tuple[str, float]]]:
    """Return {group: its classes with their probabilities}, all from the largest sum, or value, to the smallest.

    Args:
        probabilities: (C,), in the order of `classes`.
        classes: Frame8's, or some of them.

    Raises:
        KeyError: A class is in no group.
    """
    found: dict[str, list[tuple[str, float]]] = {}
    for place in np.argsort(-probabilities, kind="stable"):
        found.setdefault(_GROUP_OF[classes[place]], []).append((classes[place], float(probabilities[place])))
    return dict(sorted(found.items(), key=lambda item: -sum(share for _, share in item[1])))
