// An ActivityPub server made of Fedify, for the tests to crawl over plain http.
//
//   node server.mjs PORT ACCOUNTS.json
//
// The file is read again at every request, so that a test can change its mind:
//   {"authorizedFetch": false, "pageSize": 2, "actors": [{"username", "name", "bio", "type",
//    "discoverable", "indexable", "locked", "tags": [], "gone",
//    "posts": [{"id", "text", "audience", "tags": [], "language", "published", "pinned", "boost"}]}]}
// A flag that is left out stays out of the actor document. `boost` is a URI: an Announce.
// Addresses are built from the Host header of the request.
//
// POST /lab/send {"from", "kind", "to": {"id", "inbox"}, ...} makes somebody send an activity (see
// `written`). GET /lab/seen tells every request, which signature it bore and what was answered;
// GET /lab/knocks the same of what Fedify itself posted elsewhere.
// "signed" says which scheme is tried first: "rfc9421" or "draft-cavage-http-signatures-12".

import { readFileSync } from "node:fs";
import { serve } from "@hono/node-server";
import {
  createFederation,
  exportJwk,
  generateCryptoKeyPair,
  importJwk,
  MemoryKvStore,
} from "@fedify/fedify";
import {
  Accept,
  Announce,
  Application,
  Block,
  Create,
  Delete,
  Follow,
  Group,
  Hashtag,
  LanguageString,
  Mention,
  Note,
  Person,
  PUBLIC_COLLECTION,
  Service,
  Tombstone,
  Undo,
  Update,
} from "@fedify/vocab";
import { Temporal } from "@js-temporal/polyfill";
import { Hono } from "hono";

const [port, file] = process.argv.slice(2);
const world = () => JSON.parse(readFileSync(file, "utf8"));
const find = (identifier) => world().actors.find((one) => one.username === identifier);
const kinds = { Person, Service, Application, Group };
const keys = new Map();
const followers = new Map();
const sent = new Map();
const seen = [];
const knocks = [];

function scheme(headers) {
  if (headers.has("signature-input")) return "rfc9421";
  return headers.has("signature") ? "cavage" : null;
}

const realFetch = globalThis.fetch;
globalThis.fetch = async (input, options) => {
  const response = await realFetch(input, options);
  if (input instanceof Request && input.method === "POST") {
    knocks.push({ url: input.url, scheme: scheme(input.headers), status: response.status });
  }
  return response;
};

const federation = createFederation({
  kv: new MemoryKvStore(),
  allowPrivateAddress: true,
  firstKnock: world().signed,
});

const allowed = async (ctx) => !world().authorizedFetch || (await ctx.getSignedKey()) != null;
const escape = (text) =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

function hashtags(ctx, tags = []) {
  return tags.map((tag) => new Hashtag({ name: `#${tag}`, href: new URL(`/tags/${tag}`, ctx.url) }));
}

function addressing(ctx, identifier, audience) {
  const circle = ctx.getFollowersUri(identifier);
  if (audience === "public") return { to: PUBLIC_COLLECTION, cc: circle };
  if (audience === "unlisted") return { to: circle, cc: PUBLIC_COLLECTION };
  return { to: circle };
}

function note(ctx, identifier, post) {
  const html = `<p>${escape(post.text)}</p>`;
  return new Note({
    id: ctx.getObjectUri(Note, { identifier, id: post.id }),
    attribution: ctx.getActorUri(identifier),
    content: post.language ? new LanguageString(html, post.language) : html,
    published: Temporal.Instant.from(post.published),
    tags: hashtags(ctx, post.tags),
    ...addressing(ctx, identifier, post.audience),
  });
}

function activity(ctx, identifier, post) {
  const common = {
    id: new URL(`/users/${identifier}/activities/${post.id}`, ctx.url),
    actor: ctx.getActorUri(identifier),
    published: Temporal.Instant.from(post.published),
    ...addressing(ctx, identifier, post.audience),
  };
  return post.boost
    ? new Announce({ ...common, object: new URL(post.boost) })
    : new Create({ ...common, object: note(ctx, identifier, post) });
}

federation
  .setActorDispatcher("/users/{identifier}", async (ctx, identifier) => {
    const one = find(identifier);
    if (!one) return null;
    const id = ctx.getActorUri(identifier);
    if (one.gone) return new Tombstone({ id, formerType: Person });
    const pairs = await ctx.getActorKeyPairs(identifier);
    return new (kinds[one.type ?? "Person"])({
      id,
      preferredUsername: identifier,
      name: one.name,
      summary: one.bio,
      url: new URL(`/@${identifier}`, ctx.url),
      manuallyApprovesFollowers: one.locked ?? false,
      discoverable: one.discoverable,
      indexable: one.indexable,
      tags: hashtags(ctx, one.tags),
      published: Temporal.Instant.from("2024-01-01T00:00:00Z"),
      inbox: ctx.getInboxUri(identifier),
      outbox: ctx.getOutboxUri(identifier),
      followers: ctx.getFollowersUri(identifier),
      featured: ctx.getFeaturedUri(identifier),
      publicKey: pairs[0]?.cryptographicKey,
      assertionMethods: pairs.map((pair) => pair.multikey),
    });
  })
  .setKeyPairsDispatcher(async (_ctx, identifier) => {
    if (!keys.has(identifier)) {
      const made = [];
      for (const algorithm of ["RSASSA-PKCS1-v1_5", "Ed25519"]) {
        const pair = await generateCryptoKeyPair(algorithm);
        made.push({
          privateKey: await importJwk(await exportJwk(pair.privateKey), "private"),
          publicKey: await importJwk(await exportJwk(pair.publicKey), "public"),
        });
      }
      keys.set(identifier, made);
    }
    return keys.get(identifier);
  })
  .authorize(allowed);

federation
  .setObjectDispatcher(Note, "/users/{identifier}/notes/{id}", (ctx, values) => {
    const post = find(values.identifier)?.posts?.find((one) => one.id === values.id);
    const open = post && !post.boost && ["public", "unlisted"].includes(post.audience);
    return open ? note(ctx, values.identifier, post) : null;
  })
  .authorize(allowed);

federation
  .setOutboxDispatcher("/users/{identifier}/outbox", (ctx, identifier, cursor) => {
    const one = find(identifier);
    if (!one || cursor == null) return null;
    const size = world().pageSize ?? 2;
    const start = Number(cursor);
    const posts = one.posts ?? [];
    return {
      items: posts.slice(start, start + size).map((post) => activity(ctx, identifier, post)),
      nextCursor: start + size < posts.length ? String(start + size) : null,
    };
  })
  .setFirstCursor(() => "0")
  .setCounter((_ctx, identifier) => find(identifier)?.posts?.length ?? 0)
  .authorize(allowed);

federation
  .setFeaturedDispatcher("/users/{identifier}/featured", (ctx, identifier) => {
    const pinned = (find(identifier)?.posts ?? []).filter((post) => post.pinned);
    return { items: pinned.map((post) => note(ctx, identifier, post)) };
  })
  .authorize(allowed);

federation
  .setFollowersDispatcher("/users/{identifier}/followers", (_ctx, identifier) => ({
    items: [...(followers.get(identifier)?.values() ?? [])],
  }))
  .setCounter((_ctx, identifier) => followers.get(identifier)?.size ?? 0);

federation
  .setInboxListeners("/users/{identifier}/inbox", "/inbox")
  .on(Follow, async (ctx, follow) => {
    const target = ctx.parseUri(follow.objectId);
    const follower = await follow.getActor(ctx);
    if (target?.type !== "actor" || !follower) return;
    if (!followers.has(target.identifier)) followers.set(target.identifier, new Map());
    followers.get(target.identifier).set(follower.id.href, follower);
    await ctx.sendActivity(
      { identifier: target.identifier },
      follower,
      new Accept({ actor: follow.objectId, object: follow }),
    );
  })
  .on(Undo, (_ctx, undo) => {
    for (const circle of followers.values()) circle.delete(undo.actorId?.href);
  });

federation.setNodeInfoDispatcher("/nodeinfo/2.1", () => ({
  software: { name: "fedify-lab", version: "2.3.6" },
  protocols: ["activitypub"],
  usage: {
    users: { total: world().actors.length },
    localPosts: world().actors.reduce((sum, one) => sum + (one.posts?.length ?? 0), 0),
    localComments: 0,
  },
}));

// A message to one actor alone, as a web client writes it.
function message(ctx, from, to, text, language) {
  const html = `<p><a href="${to.id}" class="u-url mention">@waypost</a> ${escape(text)}</p>`;
  return new Note({
    id: new URL(`/users/${from}/messages/${crypto.randomUUID()}`, ctx.canonicalOrigin),
    attribution: ctx.getActorUri(from),
    content: language ? new LanguageString(html, language) : html,
    to: new URL(to.id),
    tags: [new Mention({ href: new URL(to.id), name: "@waypost" })],
    published: Temporal.Now.instant(),
  });
}

// "follow", "follow-public", "block", "undo" (of the last of these), "create" and "update" and
// "delete" of a post in the file (with "audience": told as if it were for these), "announce" of a uri, "update-actor", "delete-actor", "message" with
// a text.
async function written(ctx, { from, kind, to, post: postId, audience, uri, text, language }) {
  const actor = ctx.getActorUri(from);
  const held = find(from)?.posts?.find((one) => one.id === postId);
  const post = held && { ...held, audience: audience ?? held.audience };
  const common = {
    id: new URL(`/users/${from}/activities/${crypto.randomUUID()}`, ctx.canonicalOrigin),
    actor,
    ...(post ? addressing(ctx, from, post.audience) : { to: new URL(to.id) }),
  };
  const open = { ...common, to: PUBLIC_COLLECTION };
  switch (kind) {
    case "follow":
      return new Follow({ ...common, object: new URL(to.id) });
    case "follow-public":
      return new Follow({ ...common, object: PUBLIC_COLLECTION });
    case "block":
      return new Block({ ...common, object: new URL(to.id) });
    case "undo":
      return new Undo({ ...common, object: sent.get(from) });
    case "create":
      return new Create({ ...common, object: note(ctx, from, post) });
    case "update":
      return new Update({ ...common, object: note(ctx, from, post) });
    case "delete": {
      const id = ctx.getObjectUri(Note, { identifier: from, id: postId });
      return new Delete({ ...open, object: new Tombstone({ id }) });
    }
    case "announce":
      return new Announce({ ...open, object: new URL(uri) });
    case "update-actor":
      return new Update({ ...open, object: await ctx.getActor(from) });
    case "delete-actor":
      return new Delete({ ...open, object: actor });
    case "message":
      return new Create({ ...common, object: message(ctx, from, to, text, language) });
  }
  throw new Error(`nothing is known about ${kind}`);
}

const app = new Hono();
app.get("/health", (c) => c.text("ok"));

app.get("/lab/seen", (c) => c.json(seen));
app.get("/lab/knocks", (c) => c.json(knocks));

app.post("/lab/send", async (c) => {
  const order = await c.req.json();
  const ctx = federation.createContext(new Request(new URL("/", c.req.url)), undefined);
  const activity = await written(ctx, order);
  if (/^(follow|block)/.test(order.kind)) sent.set(order.from, activity);
  const recipient = { id: new URL(order.to.id), inboxId: new URL(order.to.inbox) };
  try {
    await ctx.sendActivity({ identifier: order.from }, recipient, activity);
  } catch (error) {
    return c.json({ error: String(error) }, 502);
  }
  return c.json({ id: activity.id.href });
});

app.all("*", async (c) => {
  const { method, headers, url } = c.req.raw;
  const body = method === "POST" ? await c.req.raw.clone().text() : null;
  const signed = headers.get("signature-input") ?? headers.get("signature");
  const response = await federation.fetch(c.req.raw, { contextData: undefined });
  seen.push({
    method,
    url,
    scheme: scheme(headers),
    keyId: /keyid="([^"]+)"/i.exec(signed ?? "")?.[1] ?? null,
    status: response.status,
    activity: body ? JSON.parse(body) : null,
  });
  return response;
});
serve({ fetch: app.fetch, port: Number(port), hostname: "127.0.0.1" });
