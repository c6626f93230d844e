"""Home: a picture flows through a frozen network, a square hides a part of it, and three ways lead on."""

from dashboard import state
from dashboard.views.home import demo
from dashboard.views.home.doors import doors
from dashboard.widgets import page

chosen = state.selection()
page.header("Freezeframe", "Drag the square over the picture: what every block sees, and the answer, follow at once.")
demo.draw(chosen)
doors(chosen)
