"""Every setting, typed, with its default and meaning. Read by bootstrap only.

Environment variables are `WAYPOST_` plus the upper-case name; a `.env` file is read too.
`docs/settings.md` is checked against this file by a test.
"""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

Network = IPv4Network | IPv6Network


class Settings(BaseSettings):
    """Consent settings can only make the rules stricter, never looser."""

    model_config = SettingsConfigDict(
        env_prefix="WAYPOST_", env_file=".env", extra="ignore", frozen=True
    )

    # Where things are
    home: Path = Field(Path("data"), description="Folder for everything the embedded edition keeps")
    database_url: str = Field(
        "",
        description="SQLAlchemy URL; empty: SQLite in the home folder; postgresql://… for server",
    )
    search_url: str = Field("", description="Meilisearch URL; empty: Tantivy in the home folder")
    search_key: SecretStr = Field(SecretStr(""), description="Meilisearch API key")
    search_prefix: str = Field("waypost", description="Prefix of our Meilisearch index names")

    # Who we are
    public_url: str = Field(
        "", description="Address under which the world reaches us; empty: http://HOST:PORT"
    )
    host: str = Field("127.0.0.1", description="Address to listen on")
    port: int = Field(8000, ge=1, le=65535, description="Port to listen on")
    trusted_proxies: str = Field(
        "127.0.0.1",
        description="Addresses (comma-separated, or *) whose X-Forwarded-For and -Proto are believed",
    )
    contact: str = Field("", description="Address of the operator, sent in every User-Agent")
    source_url: str = Field(
        "",
        description="Where the source code of this very Waypost can be had (AGPL-3.0, section 13), if it was changed",
    )
    actor_name: str = Field(
        "waypost", pattern=r"^[a-z0-9_]{1,30}$", description="User part of our own handle"
    )

    console: Literal["on", "off"] = Field(
        "on", description="off: no operator's console under /console"
    )
    signed_fetch_only: bool = Field(
        False, description="Show our actor's collections only to signed requests"
    )
    topic_actors: Annotated[tuple[str, ...], NoDecode] = Field(
        (),
        description="Topics that have an actor of their own, comma-separated ids, or * for all; empty: none",
    )
    topic_boosts_a_day: int = Field(
        3, ge=1, le=24, description="Most posts that each of these actors boosts in 24 hours"
    )
    follow_people: bool = Field(
        False,
        description="Follow people who opted in themselves, so that their posts arrive at once",
    )

    # FASP (docs/fasp.md)
    fasp_registration: Literal["open", "invitation", "closed"] = Field(
        "invitation",
        description="Which servers may connect us as their FASP: any, those with a code, or none more",
    )
    fasp_name: str = Field(
        "", max_length=100, description="Name that connected servers show; empty: Waypost (HOST)"
    )

    # Consent
    post_consent: Literal["flags", "deliberate"] = Field(
        "flags", description="deliberate: search posts only of people who asked for it themselves"
    )
    post_retention_days: int = Field(
        180, ge=1, le=180, description="Posts older than this are dropped"
    )
    evidence_hide_days: float = Field(
        7,
        gt=0,
        le=7,
        description="Accounts whose consent could not be renewed for so long are hidden",
    )
    evidence_purge_days: float = Field(
        30,
        gt=0,
        le=30,
        description="Accounts whose consent could not be renewed for so long are purged",
    )
    suppression_key: SecretStr = Field(
        SecretStr(""),
        description="Key of the hashes of people who left; empty: a file in the home folder",
    )
    extra_opt_out_tags: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="More bio tags, comma-separated, that mean no"
    )

    # Crawl
    crawl_delay: float = Field(
        1.0,
        ge=0,
        description="Least seconds between two requests to one host (under 1: laboratory)",
    )
    crawl_delay_max: float = Field(
        60.0, ge=1, description="Longest Crawl-delay of a robots.txt that is waited for, in seconds"
    )
    crawl_hosts: int = Field(64, ge=1, le=1000, description="Hosts visited at once by one crawler")
    crawl_requests_per_visit: int = Field(
        2000, ge=10, description="Requests after which a host's turn ends and others get theirs"
    )
    outbox_pages: int = Field(10, ge=1, le=200, description="Most outbox pages read in one visit")
    directory_pages: int = Field(
        250, ge=1, le=5000, description="Most directory pages read in one visit of a host"
    )
    signature_first: Literal["cavage", "rfc9421"] = Field(
        "cavage", description="Which signature scheme an unknown host is tried with first"
    )

    dns_servers: Annotated[tuple[tuple[str, int], ...], NoDecode] = Field(
        (),
        description="Resolvers that are asked for servers' TXT records, e.g. 9.9.9.9:53; empty: the system's",
    )

    # Limits of one request
    document_bytes: int = Field(1_000_000, ge=10_000, le=10_000_000, description="Largest document")
    request_seconds: float = Field(20.0, gt=0, le=120, description="Longest whole request")
    redirects: int = Field(3, ge=0, le=10, description="Most redirects followed")

    image_cache_mb: int = Field(
        200,
        ge=1,
        le=100_000,
        description="Room for small copies of avatars and emoji, in megabytes",
    )

    # Laboratory: each is off by default, and `waypost status` warns while any is set
    lab_networks: Annotated[tuple[Network, ...], NoDecode] = Field(
        (), description="Extra networks that may be contacted, e.g. 127.0.0.0/8"
    )
    lab_ca_file: Path | None = Field(None, description="Extra certificate authority (PEM)")
    lab_hosts: Annotated[tuple[tuple[str, str, int], ...], NoDecode] = Field(
        (), description="Names to addresses: *.lab.test=127.0.0.1:8900,fedify.test=127.0.0.1:8001"
    )
    lab_plain_http: bool = Field(False, description="Speak http to the hosts in lab_hosts")

    @field_validator("lab_networks", mode="before")
    @classmethod
    def _networks(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(ip_network(part.strip()) for part in value.split(",") if part.strip())
        return value

    @field_validator("lab_hosts", mode="before")
    @classmethod
    def _hosts(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        pairs = []
        for part in filter(None, (piece.strip() for piece in value.split(","))):
            name, equals, target = part.partition("=")
            address, colon, port = target.rpartition(":")
            if not (equals and name and colon and address and port.isdigit()):
                raise ValueError(f"{part!r} is not NAME=ADDRESS:PORT")
            pairs.append((name.lower(), address.strip("[]"), int(port)))
        return tuple(pairs)

    @field_validator("dns_servers", mode="before")
    @classmethod
    def _dns_servers(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        found = []
        for part in filter(None, (piece.strip() for piece in value.split(","))):
            address, colon, port = part.rpartition(":")
            if not (colon and port.isdigit()):
                raise ValueError(f"{part!r} is not ADDRESS:PORT")
            found.append((str(ip_address(address.strip("[]"))), int(port)))
        return tuple(found)

    @field_validator("topic_actors", mode="before")
    @classmethod
    def _topics(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(one.strip().lower() for one in value.split(",") if one.strip())
        return value

    @field_validator("extra_opt_out_tags", mode="before")
    @classmethod
    def _tags(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(t.strip().lstrip("#").casefold() for t in value.split(",") if t.strip())
        return value

    @property
    def own_url(self) -> str:
        """Our public base address, without a trailing slash."""
        return (self.public_url or f"http://{self.host}:{self.port}").rstrip("/")

    @property
    def database(self) -> str:
        """The SQLAlchemy URL in force."""
        if self.database_url:
            return self.database_url.replace("postgresql://", "postgresql+psycopg://", 1)
        return f"sqlite:///{self.home / 'waypost.db'}"

    @property
    def embedded(self) -> bool:
        return not self.search_url

    def laboratory(self) -> list[str]:
        """The laboratory settings that are switched on, for the warning."""
        names = ("lab_networks", "lab_ca_file", "lab_hosts", "lab_plain_http")
        on = [f"WAYPOST_{name.upper()}" for name in names if getattr(self, name)]
        return on + (["WAYPOST_CRAWL_DELAY"] if self.crawl_delay < 1 else [])
