"""The tables. The database is the truth; the search index can always be derived from it.

Hosts, actor URIs and post URIs are as their origin spells them; `handle_key` is lower case.
Times are `Instant`s. Ids are never reused (the index knows documents by them).
"""

from discover.store.tables.consent import (
    BlockedHost,
    ConsentLogEntry,
    Daily,
    JournalMark,
    PersonRow,
    RemovalCode,
    ServerProof,
    Suppression,
    VerdictHistory,
    VerdictRow,
    Withdrawal,
)
from discover.store.tables.console import (
    AuditEntry,
    BlocklistDraft,
    IndexRebuild,
    LoginTry,
    Operator,
    OperatorSession,
    TopicEdit,
)
from discover.store.tables.crawl import HostLease, Visit
from discover.store.tables.fasp import (
    FaspConnection,
    FaspDebugCall,
    FaspInvitation,
    FaspRequest,
)
from discover.store.tables.federation import (
    CommandRow,
    Delivery,
    DeliveryFailure,
    DeliveryHost,
    Follower,
    Following,
    KeyRow,
    NotePerson,
    RemoteKey,
    Report,
    SeenActivity,
    SeenSignature,
    SentNote,
)
from discover.store.tables.index import Account, Interaction, Mention, OutboxRow, Post, Server
from discover.store.tables.packs import Pack, PackLeft, PackMember
from discover.store.tables.similarity import ChangedAccount, CommonWord, TellingWord, TraitRow
from discover.store.tables.topic_actors import TopicBoost, TopicFollower
from discover.store.tables.topics import (
    AccountTagRow,
    AccountTopicRow,
    TagBesideRow,
    TagRow,
    TopicCatalogue,
    TopicDayRow,
    TouchedTag,
)
from discover.store.tables.trends import TrendCount, TrendLevel, TrendUse
from discover.store.tables.work import Lock, Task, TaskRun

__all__ = [
    "Account",
    "AccountTagRow",
    "AccountTopicRow",
    "AuditEntry",
    "BlockedHost",
    "BlocklistDraft",
    "ChangedAccount",
    "CommandRow",
    "CommonWord",
    "ConsentLogEntry",
    "Daily",
    "Delivery",
    "DeliveryFailure",
    "DeliveryHost",
    "FaspConnection",
    "FaspDebugCall",
    "FaspInvitation",
    "FaspRequest",
    "Follower",
    "Following",
    "HostLease",
    "IndexRebuild",
    "Interaction",
    "JournalMark",
    "KeyRow",
    "Lock",
    "LoginTry",
    "Mention",
    "NotePerson",
    "Operator",
    "OperatorSession",
    "OutboxRow",
    "Pack",
    "PackLeft",
    "PackMember",
    "PersonRow",
    "Post",
    "RemoteKey",
    "RemovalCode",
    "Report",
    "SeenActivity",
    "SeenSignature",
    "SentNote",
    "Server",
    "ServerProof",
    "Suppression",
    "TagBesideRow",
    "TagRow",
    "Task",
    "TaskRun",
    "TellingWord",
    "TopicBoost",
    "TopicCatalogue",
    "TopicDayRow",
    "TopicEdit",
    "TopicFollower",
    "TouchedTag",
    "TraitRow",
    "TrendCount",
    "TrendLevel",
    "TrendUse",
    "VerdictHistory",
    "VerdictRow",
    "Visit",
    "Withdrawal",
]
