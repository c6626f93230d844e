"""Everything that can go wrong in a way a visitor should read about.

FreezeframeError
├── InputError          a value lies outside what is offered
├── PictureError        bytes that are not a usable picture
├── RunNotFound         no such run, or it was cleared away
├── WeightsUnavailable  pretrained weights cannot be had here and now
├── TooLarge            the job would not fit into this machine
├── QueueFull           the visitor already has as many jobs as one may have
├── StorageUnavailable  runs cannot be written: the disk is full, or the folder read-only
└── EngineUnavailable   no worker answered
Cancelled               not an error: the visitor asked to stop

Every message is shown to people as it is: a whole sentence, and what to do next.
"""


class FreezeframeError(Exception):
    """The root of every error whose message is written for the visitor."""


class InputError(FreezeframeError):
    """A value lies outside what is offered; the message says what was expected and what was received."""


class PictureError(FreezeframeError):
    """The bytes are not a picture that can be used."""


class RunNotFound(FreezeframeError):
    """There is no run with this id."""


class WeightsUnavailable(FreezeframeError):
    """Pretrained weights cannot be had here and now."""


class TooLarge(FreezeframeError):
    """The job would not fit into this machine; the message says what would."""


class QueueFull(FreezeframeError):
    """The visitor already has as many jobs as one may have."""


class StorageUnavailable(FreezeframeError):
    """Runs cannot be written."""


class EngineUnavailable(FreezeframeError):
    """No compute worker answered."""


class Cancelled(Exception):
    """The visitor asked to stop; raised inside a job, never shown as an error."""
