"""Every cache of the page process; keys are ids, digests and numbers, never arrays.

A wrapper of an interactive task looks like this, and its arguments are the whole of what decides the answer:

    @st.cache_data(max_entries=64, show_spinner=False)
    def activation_maps(network: str, layer: str, picture: str) -> ActivationMaps:
        return engine.call("activation_maps", network=network, layer=layer, picture=picture)
"""

from __future__ import annotations
