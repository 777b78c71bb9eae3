"""What an error page says to a person. Programs get a problem document (api/problems.py)."""

from __future__ import annotations

from discover.model.words import N_

# Status -> heading, and the sentence below it when nothing more exact is known.
_ANSWERS: dict[int, tuple[str, str]] = {
    400: (N_("That cannot be used"), N_("Something in the address or the form cannot be used.")),
    404: (N_("Nothing here"), N_("Nothing is shown at this address.")),
    413: (N_("That cannot be used"), N_("That is too long.")),
    414: (N_("That cannot be used"), N_("That is too long.")),
    422: (N_("That cannot be used"), N_("Something in the address or the form cannot be used.")),
    429: (
        N_("A moment, please"),
        N_("From your address very much was asked at once. Wait a little, then try again."),
    ),
    500: (N_("Something went wrong"), N_("That is our fault, not yours. Please try again later.")),
    503: (
        N_("A moment, please"),
        N_("Something we need does not answer right now. Nothing is lost; try again shortly."),
    ),
}
_OTHERWISE = (N_("That did not work"), N_("Please go back and try it once more."))


def heading(status: int) -> str:
    return _ANSWERS.get(status, _OTHERWISE)[0]


def meaning(status: int) -> str:
    return _ANSWERS.get(status, _OTHERWISE)[1]
