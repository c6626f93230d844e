"""What single units look for: the pictures that excite them, pictures made for them, the kernels of a first layer.

    patches         the strongest answers of every channel over a data set, and what each depends on, cut out
    backward        values carried back to the pixels
    ascent          the way up from noise to a picture that an objective likes, with its switches
    maximisation    films of ascents for a unit: spec, film, what is shipped
    gabor           kernels of a first convolution read as Gabor functions
    gabor_fit       fits the functions, all kernels at once
    gabor_stages    shipped fits: of Frame8 through its pretraining, and of noise

May import: storage, jobs, pictures, frame8, backbones, training, sweeps, networks, activations, occlusion.
"""
