"""Home: what this is, and where the visitor stands."""

from dashboard.components import page

page.header("Freezeframe", "Freeze some layers of a pretrained network, train the rest, and see what each one learned.")
