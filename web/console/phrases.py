"""Words of the console that come from the database or from a name in the code.

They are kept in English, in the audit log as elsewhere, and said in the reader's language where
they are shown: `say(text)` for acts and sentences, `words("people_removed")` for names.
"""

from __future__ import annotations

from discover.model.words import N_
from web.i18n import gettext

ACTS = (
    N_("ended all sessions"), N_("operator added"), N_("password changed"), N_("operator removed"),
    N_("opened a report again"), N_("marked a report as handled"),
)  # fmt: skip
# What is done elsewhere in the console says its N_ where it is done.

NAMES = (
    # how a server came in
    N_("operator"), N_("relay"), N_("contact"),
    # robots.txt
    N_("allowed"), N_("forbidden"), N_("unreadable"),
    # entries of the consent log
    N_("server in"), N_("server out"), N_("accounts listed"), N_("accounts withdrawn"),
    N_("posts withdrawn"), N_("rules changed"),
    # a rebuild
    N_("queued"), N_("under way"), N_("done"), N_("failed"),
    # where a setting comes from, and values that are not shown
    N_("default"), N_("environment"), N_(".env file"), N_("(set, not shown)"), N_("(empty)"),
    N_("on"), N_("off"),
    # what the consent log says about a server
    N_("taken back"), N_("opted out"), N_("blocked here"), N_("proof"),
    # facts of acts
    N_("deliveries"), N_("entries"),
    N_("host"), N_("hosts"), N_("language"), N_("new"),
    N_("no longer named"), N_("note"), N_("opt in"), N_("people"),
    N_("people removed"), N_("posts"), N_("posts removed"), N_("reason"),
    N_("rebuild"), N_("sessions"), N_("state"),
    N_("title"), N_("why"), N_("scope"),
    N_("yes"), N_("no"), N_("none"), N_("in"), N_("out"), N_("blocked"),
)  # fmt: skip


def words(name: object) -> str:
    """`people_removed` as `people removed`, in the reader's language; what is unknown as it is."""
    return gettext(str(name).replace("_", " "))
