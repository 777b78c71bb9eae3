"""The first schema"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:

    op.create_table(
        "accounts",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("uri", sa.String(), nullable=False),
        sa.Column("host", sa.String(), nullable=False),
        sa.Column("handle", sa.String(), nullable=False),
        sa.Column("handle_key", sa.String(), nullable=False),
        sa.Column("type", sa.String(), nullable=False),
        sa.Column("username", sa.String(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("summary_html", sa.Text(), nullable=False),
        sa.Column("url", sa.String(), nullable=True),
        sa.Column("fields", sa.JSON(), nullable=False),
        sa.Column("hashtags", sa.JSON(), nullable=False),
        sa.Column("featured_tags", sa.JSON(), nullable=False),
        sa.Column("emojis", sa.JSON(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("languages", sa.JSON(), nullable=False),
        sa.Column("avatar_url", sa.String(), nullable=True),
        sa.Column("avatar_changed_at", sa.BigInteger(), nullable=True),
        sa.Column("header_url", sa.String(), nullable=True),
        sa.Column("inbox", sa.String(), nullable=True),
        sa.Column("shared_inbox", sa.String(), nullable=True),
        sa.Column("outbox", sa.String(), nullable=True),
        sa.Column("followers_url", sa.String(), nullable=True),
        sa.Column("signals", sa.JSON(), nullable=False),
        sa.Column("noindex_header", sa.Boolean(), nullable=False),
        sa.Column("followers", sa.Integer(), nullable=True),
        sa.Column("following", sa.Integer(), nullable=True),
        sa.Column("posts_total", sa.Integer(), nullable=True),
        sa.Column("published", sa.BigInteger(), nullable=True),
        sa.Column("last_post_at", sa.BigInteger(), nullable=True),
        sa.Column("evidence_at", sa.BigInteger(), nullable=True),
        sa.Column("posts_allowed", sa.Boolean(), nullable=False),
        sa.Column("hidden", sa.Boolean(), nullable=False),
        sa.Column("read_at", sa.BigInteger(), nullable=True),
        sa.Column("extras_at", sa.BigInteger(), nullable=True),
        sa.Column("posts_per_day", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("uri"),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("accounts", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_accounts_avatar_changed_at"), ["avatar_changed_at"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_accounts_evidence_at"), ["evidence_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_accounts_handle_key"), ["handle_key"], unique=False)
        batch_op.create_index(batch_op.f("ix_accounts_host"), ["host"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_accounts_last_post_at"), ["last_post_at"], unique=False
        )

    op.create_table(
        "actor_keys",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("private_pem", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("retired_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "audit_log",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("operator", sa.String(), nullable=False),
        sa.Column("act", sa.String(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("before", sa.JSON(), nullable=False),
        sa.Column("after", sa.JSON(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("audit_log", schema=None) as batch_op:
        batch_op.create_index("ix_audit_log_act_subject", ["act", "subject"], unique=False)
        batch_op.create_index(batch_op.f("ix_audit_log_at"), ["at"], unique=False)

    op.create_table(
        "blocked_hosts",
        sa.Column("host", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("host", "source"),
    )
    op.create_table(
        "blocklist_drafts",
        sa.Column("token", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("operator", sa.String(), nullable=False),
        sa.Column("blocks", sa.JSON(), nullable=False),
        sa.Column("skipped", sa.JSON(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("token"),
    )
    op.create_table(
        "changed_accounts",
        sa.Column("account_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("account_id"),
    )
    op.create_table(
        "command_answers",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("host", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("command_answers", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_command_answers_at"), ["at"], unique=False)
        batch_op.create_index(batch_op.f("ix_command_answers_host"), ["host"], unique=False)
        batch_op.create_index(batch_op.f("ix_command_answers_person"), ["person"], unique=False)

    op.create_table(
        "common_words",
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("word", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("language", "word"),
    )
    op.create_table(
        "consent_log",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("event", sa.String(), nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.Column("previous", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("digest"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "daily_counts",
        sa.Column("day", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("day", "name"),
    )
    op.create_table(
        "deliveries",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("activity_id", sa.String(), nullable=False),
        sa.Column("inbox", sa.String(), nullable=False),
        sa.Column("host", sa.String(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("last_error", sa.Text(), nullable=False),
        sa.Column("last_word", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("deliveries", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_deliveries_due_at"), ["due_at"], unique=False)
        batch_op.create_index("ix_deliveries_host", ["host", "id"], unique=False)
        batch_op.create_index("ux_deliveries_activity_inbox", ["activity_id", "inbox"], unique=True)

    op.create_table(
        "delivery_failures",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("activity_id", sa.String(), nullable=False),
        sa.Column("inbox", sa.String(), nullable=False),
        sa.Column("host", sa.String(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("last_error", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "delivery_hosts",
        sa.Column("host", sa.String(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("parked_until", sa.BigInteger(), nullable=True),
        sa.Column("token", sa.String(), nullable=True),
        sa.Column("until", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("host"),
    )
    op.create_table(
        "fasp_connections",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("host", sa.String(), nullable=False),
        sa.Column("base_url", sa.String(), nullable=False),
        sa.Column("own", sa.Boolean(), nullable=False),
        sa.Column("private_pem", sa.Text(), nullable=False),
        sa.Column("remote_id", sa.String(), nullable=False),
        sa.Column("remote_key", sa.String(), nullable=False),
        sa.Column("completion_url", sa.String(), nullable=False),
        sa.Column("capabilities", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("confirmed_at", sa.BigInteger(), nullable=True),
        sa.Column("heard_at", sa.BigInteger(), nullable=True),
        sa.Column("renewed_at", sa.BigInteger(), nullable=True),
        sa.Column("due_at", sa.BigInteger(), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("last_error", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("fasp_connections", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_fasp_connections_base_url"), ["base_url"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_fasp_connections_due_at"), ["due_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_fasp_connections_host"), ["host"], unique=False)

    op.create_table(
        "fasp_invitations",
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("digest"),
    )
    op.create_table(
        "followers",
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("host", sa.String(), nullable=False),
        sa.Column("inbox", sa.String(), nullable=False),
        sa.Column("shared_inbox", sa.String(), nullable=True),
        sa.Column("follow_id", sa.String(), nullable=False),
        sa.Column("public", sa.Boolean(), nullable=False),
        sa.Column("relay", sa.Boolean(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("actor"),
    )
    with op.batch_alter_table("followers", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_followers_host"), ["host"], unique=False)

    op.create_table(
        "following",
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("host", sa.String(), nullable=False),
        sa.Column("inbox", sa.String(), nullable=False),
        sa.Column("follow_id", sa.String(), nullable=False),
        sa.Column("relay", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("actor"),
    )
    with op.batch_alter_table("following", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_following_follow_id"), ["follow_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_following_host"), ["host"], unique=False)

    op.create_table(
        "host_leases",
        sa.Column("host", sa.String(), nullable=False),
        sa.Column("token", sa.String(), nullable=True),
        sa.Column("until", sa.BigInteger(), nullable=True),
        sa.Column("not_before", sa.BigInteger(), nullable=True),
        sa.Column("crawl_delay", sa.Float(), nullable=True),
        sa.PrimaryKeyConstraint("host"),
    )
    op.create_table(
        "index_rebuilds",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("operator", sa.String(), nullable=False),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.Column("began_at", sa.BigInteger(), nullable=True),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("accounts_done", sa.Integer(), nullable=False),
        sa.Column("accounts_all", sa.Integer(), nullable=False),
        sa.Column("posts_done", sa.Integer(), nullable=False),
        sa.Column("posts_all", sa.Integer(), nullable=False),
        sa.Column("last_error", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "interactions",
        sa.Column("activity", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("post_id", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("activity"),
    )
    with op.batch_alter_table("interactions", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_interactions_account_id"), ["account_id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_interactions_at"), ["at"], unique=False)
        batch_op.create_index(batch_op.f("ix_interactions_post_id"), ["post_id"], unique=False)

    op.create_table(
        "journal_marks",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "locks",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("token", sa.String(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "login_tries",
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("last_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("digest"),
    )
    with op.batch_alter_table("login_tries", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_login_tries_last_at"), ["last_at"], unique=False)

    op.create_table(
        "operator_sessions",
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("operator", sa.String(), nullable=False),
        sa.Column("began_at", sa.BigInteger(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("digest"),
    )
    with op.batch_alter_table("operator_sessions", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_operator_sessions_operator"), ["operator"], unique=False
        )

    op.create_table(
        "operators",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("password", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.Column("entered_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "outbox",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("ref", sa.BigInteger(), nullable=False),
        sa.Column("host", sa.String(), nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "packs_left",
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("slug", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("person", "slug"),
    )
    op.create_table(
        "persons",
        sa.Column("uri", sa.String(), nullable=False),
        sa.Column("act", sa.String(), nullable=False),
        sa.Column("tags", sa.JSON(), nullable=False),
        sa.Column("blocked_us", sa.Boolean(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("said_at", sa.BigInteger(), nullable=True),
        sa.Column("source", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("uri"),
    )
    op.create_table(
        "posts",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("uri", sa.String(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("type", sa.String(), nullable=False),
        sa.Column("url", sa.String(), nullable=True),
        sa.Column("audience", sa.String(), nullable=False),
        sa.Column("published", sa.BigInteger(), nullable=False),
        sa.Column("updated", sa.BigInteger(), nullable=True),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("html", sa.Text(), nullable=False),
        sa.Column("content_warning", sa.Text(), nullable=False),
        sa.Column("sensitive", sa.Boolean(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("hashtags", sa.JSON(), nullable=False),
        sa.Column("media", sa.JSON(), nullable=False),
        sa.Column("emojis", sa.JSON(), nullable=False),
        sa.Column("link_titles", sa.JSON(), nullable=False),
        sa.Column("in_reply_to", sa.String(), nullable=True),
        sa.Column("replies", sa.Integer(), nullable=True),
        sa.Column("likes", sa.Integer(), nullable=True),
        sa.Column("shares", sa.Integer(), nullable=True),
        sa.Column("searchable_by", sa.String(), nullable=False),
        sa.Column("opt_out_tags", sa.JSON(), nullable=False),
        sa.Column("source_url", sa.String(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.Column("rule_version", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("uri"),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("posts", schema=None) as batch_op:
        batch_op.create_index(
            "ix_posts_account_published", ["account_id", "published", "language"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_posts_published"), ["published"], unique=False)

    op.create_table(
        "remote_keys",
        sa.Column("key_id", sa.String(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("host", sa.String(), nullable=False),
        sa.Column("pem", sa.Text(), nullable=False),
        sa.Column("inbox", sa.String(), nullable=True),
        sa.Column("shared_inbox", sa.String(), nullable=True),
        sa.Column("automated", sa.Boolean(), nullable=False),
        sa.Column("fetched_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key_id"),
    )
    with op.batch_alter_table("remote_keys", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_remote_keys_actor"), ["actor"], unique=False)
        batch_op.create_index(batch_op.f("ix_remote_keys_fetched_at"), ["fetched_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_remote_keys_host"), ["host"], unique=False)

    op.create_table(
        "removal_codes",
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("uri", sa.String(), nullable=False),
        sa.Column("handle_key", sa.String(), nullable=False),
        sa.Column("way", sa.String(), nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("digest"),
    )
    with op.batch_alter_table("removal_codes", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_removal_codes_uri"), ["uri"], unique=False)

    op.create_table(
        "reports",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("objects", sa.JSON(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("handled", sa.Boolean(), nullable=False),
        sa.Column("handled_at", sa.BigInteger(), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "seen_activities",
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("digest"),
    )
    with op.batch_alter_table("seen_activities", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_seen_activities_at"), ["at"], unique=False)

    op.create_table(
        "seen_signatures",
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("digest"),
    )
    with op.batch_alter_table("seen_signatures", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_seen_signatures_until"), ["until"], unique=False)

    op.create_table(
        "sent_notes",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("addressee", sa.String(), nullable=False),
        sa.Column("note", sa.JSON(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("sent_notes", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_sent_notes_addressee"), ["addressee"], unique=False)

    op.create_table(
        "server_proofs",
        sa.Column("host", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("statement", sa.JSON(), nullable=False),
        sa.Column("first_seen_at", sa.BigInteger(), nullable=False),
        sa.Column("checked_at", sa.BigInteger(), nullable=False),
        sa.Column("missing_since", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("host", "kind"),
    )
    op.create_table(
        "servers",
        sa.Column("host", sa.String(), nullable=False),
        sa.Column("opt_in", sa.String(), nullable=False),
        sa.Column("scope", sa.String(), nullable=False),
        sa.Column("opted_out", sa.Boolean(), nullable=False),
        sa.Column("blocked", sa.Boolean(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=True),
        sa.Column("software", sa.String(), nullable=True),
        sa.Column("version", sa.String(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("open_registrations", sa.Boolean(), nullable=True),
        sa.Column("registrations", sa.String(), nullable=True),
        sa.Column("rules", sa.JSON(), nullable=False),
        sa.Column("monthly_active", sa.Integer(), nullable=True),
        sa.Column("languages", sa.JSON(), nullable=False),
        sa.Column("robots", sa.String(), nullable=False),
        sa.Column("noindex_header", sa.Boolean(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=True),
        sa.Column("due_at", sa.BigInteger(), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("host"),
    )
    with op.batch_alter_table("servers", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_servers_due_at"), ["due_at"], unique=False)

    op.create_table(
        "suppressions",
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("leaving", sa.String(), nullable=False),
        sa.Column("along", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("digest"),
    )
    with op.batch_alter_table("suppressions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_suppressions_along"), ["along"], unique=False)
        batch_op.create_index(batch_op.f("ix_suppressions_leaving"), ["leaving"], unique=False)

    op.create_table(
        "tags",
        sa.Column(
            "tag", sa.String().with_variant(sa.String(collation="C"), "postgresql"), nullable=False
        ),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.Column("servers", sa.Integer(), nullable=False),
        sa.Column("topic", sa.String(), nullable=True),
        sa.Column("score", sa.Float(), nullable=False),
        sa.Column("counted_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("tag"),
    )
    with op.batch_alter_table("tags", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_tags_topic"), ["topic"], unique=False)

    op.create_table(
        "task_runs",
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("done_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("kind"),
    )
    op.create_table(
        "tasks",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("payload", sa.JSON(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("token", sa.String(), nullable=True),
        sa.Column("until", sa.BigInteger(), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("tasks", schema=None) as batch_op:
        batch_op.create_index("ix_tasks_kind_due_at", ["kind", "due_at"], unique=False)
        batch_op.create_index("ux_tasks_kind_key", ["kind", "key"], unique=True)

    op.create_table(
        "telling_words",
        sa.Column("word", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("topic", sa.String(), nullable=False),
        sa.Column("weight", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("word", "language", "topic"),
    )
    op.create_table(
        "topic_catalogue",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "topic_edits",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("topic", sa.String(), nullable=False),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        sa.Column("operator", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("topic_edits", schema=None) as batch_op:
        batch_op.create_index("ux_topic_edits", ["topic", "what", "language", "value"], unique=True)

    op.create_table(
        "topic_followers",
        sa.Column("topic", sa.String(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("host", sa.String(), nullable=False),
        sa.Column("inbox", sa.String(), nullable=False),
        sa.Column("shared_inbox", sa.String(), nullable=True),
        sa.Column("follow_id", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("topic", "actor"),
    )
    with op.batch_alter_table("topic_followers", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_topic_followers_host"), ["host"], unique=False)

    op.create_table(
        "touched_tags",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("tag", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "trend_counts",
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("hours", sa.Integer(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column(
            "name", sa.String().with_variant(sa.String(collation="C"), "postgresql"), nullable=False
        ),
        sa.Column("round", sa.BigInteger(), nullable=False),
        sa.Column("counted", sa.Boolean(), nullable=False),
        sa.Column("servers", sa.JSON(), nullable=False),
        sa.Column("days", sa.JSON(), nullable=False),
        sa.Column("usual", sa.Float(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=True),
        sa.Column("made_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("kind", "hours", "language", "name"),
    )
    with op.batch_alter_table("trend_counts", schema=None) as batch_op:
        batch_op.create_index("ix_trend_counts_name", ["kind", "name"], unique=False)

    op.create_table(
        "trend_levels",
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column(
            "name", sa.String().with_variant(sa.String(collation="C"), "postgresql"), nullable=False
        ),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("uses", sa.Float(), nullable=False),
        sa.Column("daily", sa.JSON(), nullable=False),
        sa.Column("weekly", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "name", "language"),
    )
    with op.batch_alter_table("trend_levels", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_trend_levels_day"), ["day"], unique=False)

    op.create_table(
        "verdict_history",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("uri", sa.String(), nullable=False),
        sa.Column("host", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("answers", sa.JSON(), nullable=False),
        sa.Column("seen", sa.JSON(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("door", sa.String(), nullable=False),
        sa.Column("rule_version", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("verdict_history", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_verdict_history_host"), ["host"], unique=False)
        batch_op.create_index(batch_op.f("ix_verdict_history_uri"), ["uri"], unique=False)

    op.create_table(
        "verdicts",
        sa.Column("uri", sa.String(), nullable=False),
        sa.Column("host", sa.String(), nullable=False),
        sa.Column("handle_key", sa.String(), nullable=True),
        sa.Column("answers", sa.JSON(), nullable=False),
        sa.Column("seen", sa.JSON(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("door", sa.String(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.Column("rule_version", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("uri"),
    )
    with op.batch_alter_table("verdicts", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_verdicts_handle_key"), ["handle_key"], unique=False)
        batch_op.create_index(batch_op.f("ix_verdicts_host"), ["host"], unique=False)

    op.create_table(
        "visits",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("host", sa.String(), nullable=False),
        sa.Column("uri", sa.String(), nullable=True),
        sa.Column("handle_key", sa.String(), nullable=True),
        sa.Column("handle", sa.String(), nullable=True),
        sa.Column("door", sa.String(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("etag", sa.String(), nullable=True),
        sa.Column("last_modified", sa.String(), nullable=True),
        sa.Column("last_at", sa.BigInteger(), nullable=True),
        sa.Column("last_detail", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("handle_key"),
        sa.UniqueConstraint("uri"),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("visits", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_visits_due_at"), ["due_at"], unique=False)
        batch_op.create_index("ix_visits_host_due", ["host", "due_at"], unique=False)

    op.create_table(
        "withdrawals",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("cause", sa.String(), nullable=False),
        sa.Column("known_at", sa.BigInteger(), nullable=False),
        sa.Column("hidden_at", sa.BigInteger(), nullable=True),
        sa.Column("gone_at", sa.BigInteger(), nullable=True),
        sa.Column("outbox_id", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("withdrawals", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_withdrawals_outbox_id"), ["outbox_id"], unique=False)

    op.create_table(
        "account_tags",
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "tag", sa.String().with_variant(sa.String(collation="C"), "postgresql"), nullable=False
        ),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("account_id", "tag"),
    )
    with op.batch_alter_table("account_tags", schema=None) as batch_op:
        batch_op.create_index("ix_account_tags_tag", ["tag"], unique=False)

    op.create_table(
        "account_topics",
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("topic", sa.String(), nullable=False),
        sa.Column("weight", sa.Float(), nullable=False),
        sa.Column("languages", sa.String(), nullable=False),
        sa.Column("evidence", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("account_id", "topic"),
    )
    with op.batch_alter_table("account_topics", schema=None) as batch_op:
        batch_op.create_index("ix_account_topics_topic", ["topic", "weight"], unique=False)

    op.create_table(
        "account_traits",
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "trait",
            sa.String().with_variant(sa.String(collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column("pool", sa.Integer(), nullable=False),
        sa.Column("weight", sa.Float(), nullable=False),
        sa.Column("place", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("account_id", "trait"),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("account_traits", schema=None) as batch_op:
        batch_op.create_index(
            "ix_account_traits_trait",
            ["trait", "pool", "place", "account_id", "weight"],
            unique=False,
        )

    op.create_table(
        "fasp_debug_calls",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("connection_id", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("answered_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["connection_id"], ["fasp_connections.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "fasp_requests",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("connection_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("category", sa.String(), nullable=False),
        sa.Column("type", sa.String(), nullable=False),
        sa.Column("remote_id", sa.String(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("rounds", sa.Integer(), nullable=False),
        sa.Column("heard_at", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["connection_id"], ["fasp_connections.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("fasp_requests", schema=None) as batch_op:
        batch_op.create_index(
            "ix_fasp_requests_connection", ["connection_id", "kind", "remote_id"], unique=False
        )

    op.create_table(
        "mentions",
        sa.Column("post_id", sa.BigInteger(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("author_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["post_id"], ["posts.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("post_id", "account_id"),
    )
    with op.batch_alter_table("mentions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_mentions_account_id"), ["account_id"], unique=False)
        batch_op.create_index("ix_mentions_author_id", ["author_id", "account_id"], unique=False)

    op.create_table(
        "pack_members",
        sa.Column("slug", sa.String(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("joined", sa.Boolean(), nullable=False),
        sa.Column("asked_at", sa.BigInteger(), nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("slug", "account_id"),
    )
    with op.batch_alter_table("pack_members", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_pack_members_asked_at"), ["asked_at"], unique=False)

    op.create_table(
        "packs",
        sa.Column("slug", sa.String(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("hidden", sa.Boolean(), nullable=False),
        sa.Column("proposed", sa.Boolean(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("slug"),
    )
    with op.batch_alter_table("packs", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_packs_account_id"), ["account_id"], unique=False)

    op.create_table(
        "sent_note_people",
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("activity", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["note"], ["sent_notes.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("note", "account_id"),
    )
    with op.batch_alter_table("sent_note_people", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_sent_note_people_account_id"), ["account_id"], unique=False
        )

    op.create_table(
        "tags_beside_topics",
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "tag", sa.String().with_variant(sa.String(collation="C"), "postgresql"), nullable=False
        ),
        sa.Column("topic", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("account_id", "tag", "topic"),
    )
    with op.batch_alter_table("tags_beside_topics", schema=None) as batch_op:
        batch_op.create_index("ix_tags_beside_topics_tag", ["tag", "topic"], unique=False)

    op.create_table(
        "topic_boosts",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("topic", sa.String(), nullable=False),
        sa.Column("post_id", sa.BigInteger(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("host", sa.String(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("activity", sa.String(), nullable=False),
        sa.Column("object", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["post_id"], ["posts.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("activity"),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("topic_boosts", schema=None) as batch_op:
        batch_op.create_index("ix_topic_boosts_topic_at", ["topic", "at"], unique=False)
        batch_op.create_index("ux_topic_boosts_topic_post", ["topic", "post_id"], unique=True)

    op.create_table(
        "topic_days",
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("topic", sa.String(), nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("account_id", "topic", "day"),
    )
    with op.batch_alter_table("topic_days", schema=None) as batch_op:
        batch_op.create_index("ix_topic_days_topic", ["topic", "day"], unique=False)

    op.create_table(
        "trend_uses",
        sa.Column("post_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column(
            "name", sa.String().with_variant(sa.String(collation="C"), "postgresql"), nullable=False
        ),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("hour", sa.Integer(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["post_id"], ["posts.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("post_id", "kind", "name"),
    )
    with op.batch_alter_table("trend_uses", schema=None) as batch_op:
        batch_op.create_index(
            "ix_trend_uses_hour", ["kind", "hour", "name", "language"], unique=False
        )
        batch_op.create_index(
            "ix_trend_uses_name", ["kind", "name", "hour", "account_id"], unique=False
        )


def downgrade() -> None:

    with op.batch_alter_table("trend_uses", schema=None) as batch_op:
        batch_op.drop_index("ix_trend_uses_name")
        batch_op.drop_index("ix_trend_uses_hour")

    op.drop_table("trend_uses")
    with op.batch_alter_table("topic_days", schema=None) as batch_op:
        batch_op.drop_index("ix_topic_days_topic")

    op.drop_table("topic_days")
    with op.batch_alter_table("topic_boosts", schema=None) as batch_op:
        batch_op.drop_index("ux_topic_boosts_topic_post")
        batch_op.drop_index("ix_topic_boosts_topic_at")

    op.drop_table("topic_boosts")
    with op.batch_alter_table("tags_beside_topics", schema=None) as batch_op:
        batch_op.drop_index("ix_tags_beside_topics_tag")

    op.drop_table("tags_beside_topics")
    with op.batch_alter_table("sent_note_people", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_sent_note_people_account_id"))

    op.drop_table("sent_note_people")
    with op.batch_alter_table("packs", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_packs_account_id"))

    op.drop_table("packs")
    with op.batch_alter_table("pack_members", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_pack_members_asked_at"))

    op.drop_table("pack_members")
    with op.batch_alter_table("mentions", schema=None) as batch_op:
        batch_op.drop_index("ix_mentions_author_id")
        batch_op.drop_index(batch_op.f("ix_mentions_account_id"))

    op.drop_table("mentions")
    with op.batch_alter_table("fasp_requests", schema=None) as batch_op:
        batch_op.drop_index("ix_fasp_requests_connection")

    op.drop_table("fasp_requests")
    op.drop_table("fasp_debug_calls")
    with op.batch_alter_table("account_traits", schema=None) as batch_op:
        batch_op.drop_index("ix_account_traits_trait")

    op.drop_table("account_traits")
    with op.batch_alter_table("account_topics", schema=None) as batch_op:
        batch_op.drop_index("ix_account_topics_topic")

    op.drop_table("account_topics")
    with op.batch_alter_table("account_tags", schema=None) as batch_op:
        batch_op.drop_index("ix_account_tags_tag")

    op.drop_table("account_tags")
    with op.batch_alter_table("withdrawals", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_withdrawals_outbox_id"))

    op.drop_table("withdrawals")
    with op.batch_alter_table("visits", schema=None) as batch_op:
        batch_op.drop_index("ix_visits_host_due")
        batch_op.drop_index(batch_op.f("ix_visits_due_at"))

    op.drop_table("visits")
    with op.batch_alter_table("verdicts", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_verdicts_host"))
        batch_op.drop_index(batch_op.f("ix_verdicts_handle_key"))

    op.drop_table("verdicts")
    with op.batch_alter_table("verdict_history", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_verdict_history_uri"))
        batch_op.drop_index(batch_op.f("ix_verdict_history_host"))

    op.drop_table("verdict_history")
    with op.batch_alter_table("trend_levels", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_trend_levels_day"))

    op.drop_table("trend_levels")
    with op.batch_alter_table("trend_counts", schema=None) as batch_op:
        batch_op.drop_index("ix_trend_counts_name")

    op.drop_table("trend_counts")
    op.drop_table("touched_tags")
    with op.batch_alter_table("topic_followers", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_topic_followers_host"))

    op.drop_table("topic_followers")
    with op.batch_alter_table("topic_edits", schema=None) as batch_op:
        batch_op.drop_index("ux_topic_edits")

    op.drop_table("topic_edits")
    op.drop_table("topic_catalogue")
    op.drop_table("telling_words")
    with op.batch_alter_table("tasks", schema=None) as batch_op:
        batch_op.drop_index("ux_tasks_kind_key")
        batch_op.drop_index("ix_tasks_kind_due_at")

    op.drop_table("tasks")
    op.drop_table("task_runs")
    with op.batch_alter_table("tags", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_tags_topic"))

    op.drop_table("tags")
    with op.batch_alter_table("suppressions", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_suppressions_leaving"))
        batch_op.drop_index(batch_op.f("ix_suppressions_along"))

    op.drop_table("suppressions")
    with op.batch_alter_table("servers", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_servers_due_at"))

    op.drop_table("servers")
    op.drop_table("server_proofs")
    with op.batch_alter_table("sent_notes", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_sent_notes_addressee"))

    op.drop_table("sent_notes")
    with op.batch_alter_table("seen_signatures", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_seen_signatures_until"))

    op.drop_table("seen_signatures")
    with op.batch_alter_table("seen_activities", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_seen_activities_at"))

    op.drop_table("seen_activities")
    op.drop_table("reports")
    with op.batch_alter_table("removal_codes", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_removal_codes_uri"))

    op.drop_table("removal_codes")
    with op.batch_alter_table("remote_keys", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_remote_keys_host"))
        batch_op.drop_index(batch_op.f("ix_remote_keys_fetched_at"))
        batch_op.drop_index(batch_op.f("ix_remote_keys_actor"))

    op.drop_table("remote_keys")
    with op.batch_alter_table("posts", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_posts_published"))
        batch_op.drop_index("ix_posts_account_published")

    op.drop_table("posts")
    op.drop_table("persons")
    op.drop_table("packs_left")
    op.drop_table("outbox")
    op.drop_table("operators")
    with op.batch_alter_table("operator_sessions", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_operator_sessions_operator"))

    op.drop_table("operator_sessions")
    with op.batch_alter_table("login_tries", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_login_tries_last_at"))

    op.drop_table("login_tries")
    op.drop_table("locks")
    op.drop_table("journal_marks")
    with op.batch_alter_table("interactions", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_interactions_post_id"))
        batch_op.drop_index(batch_op.f("ix_interactions_at"))
        batch_op.drop_index(batch_op.f("ix_interactions_account_id"))

    op.drop_table("interactions")
    op.drop_table("index_rebuilds")
    op.drop_table("host_leases")
    with op.batch_alter_table("following", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_following_host"))
        batch_op.drop_index(batch_op.f("ix_following_follow_id"))

    op.drop_table("following")
    with op.batch_alter_table("followers", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_followers_host"))

    op.drop_table("followers")
    op.drop_table("fasp_invitations")
    with op.batch_alter_table("fasp_connections", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_fasp_connections_host"))
        batch_op.drop_index(batch_op.f("ix_fasp_connections_due_at"))
        batch_op.drop_index(batch_op.f("ix_fasp_connections_base_url"))

    op.drop_table("fasp_connections")
    op.drop_table("delivery_hosts")
    op.drop_table("delivery_failures")
    with op.batch_alter_table("deliveries", schema=None) as batch_op:
        batch_op.drop_index("ux_deliveries_activity_inbox")
        batch_op.drop_index("ix_deliveries_host")
        batch_op.drop_index(batch_op.f("ix_deliveries_due_at"))

    op.drop_table("deliveries")
    op.drop_table("daily_counts")
    op.drop_table("consent_log")
    op.drop_table("common_words")
    with op.batch_alter_table("command_answers", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_command_answers_person"))
        batch_op.drop_index(batch_op.f("ix_command_answers_host"))
        batch_op.drop_index(batch_op.f("ix_command_answers_at"))

    op.drop_table("command_answers")
    op.drop_table("changed_accounts")
    op.drop_table("blocklist_drafts")
    op.drop_table("blocked_hosts")
    with op.batch_alter_table("audit_log", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_audit_log_at"))
        batch_op.drop_index("ix_audit_log_act_subject")

    op.drop_table("audit_log")
    op.drop_table("actor_keys")
    with op.batch_alter_table("accounts", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_accounts_last_post_at"))
        batch_op.drop_index(batch_op.f("ix_accounts_host"))
        batch_op.drop_index(batch_op.f("ix_accounts_handle_key"))
        batch_op.drop_index(batch_op.f("ix_accounts_evidence_at"))
        batch_op.drop_index(batch_op.f("ix_accounts_avatar_changed_at"))

    op.drop_table("accounts")
