"""Which worker of pytest-xdist gets which file: all that need a browser go to one, as long as there is other work."""

from typing import Final

from xdist.scheduler import LoadFileScheduling
from xdist.workermanage import WorkerController

BROWSER: Final = "tests/browser/"


class BrowserInOneWorker(LoadFileScheduling):
    """A file for each worker as `--dist=loadfile` gives them, but the browser's to the first alone while others remain.

    One server, one cluster and one Chromium then do for all, and a worker that often waits for a browser runs beside
    one that computes. Who has nothing else left helps with the browser's, from the end.
    """

    def _assign_work_unit(self, node: WorkerController) -> None:
        self.workqueue.move_to_end(self._next_for(node), last=False)
        super()._assign_work_unit(node)

    def _next_for(self, node: WorkerController) -> str:
        browser = [scope for scope in self.workqueue if scope.startswith(BROWSER)]
        others = [scope for scope in self.workqueue if not scope.startswith(BROWSER)]
        if node is self.nodes[0]:
            return (browser or others)[0]
        return others[0] if others else browser[-1]
