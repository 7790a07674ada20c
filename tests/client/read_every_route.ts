// Calls every operation of a real server with a client whose types openapi-typescript made from
// schema/openapi.json. The compiler checks each call and what is read of its answer; at run time each
// answer, refusals too, is compared with the schema of its status and medium.
//
// usage: node read_every_route.js PUBLIC ASK ADMIN, the addresses of the listeners, with the tokens
// of an owner and an operator in OWNER and OPERATOR. Prints a line for each flaw; exits with 1 if
// there was one, or if an operation was not called with success.
import createClient, { type Middleware } from "openapi-fetch";
import type { paths } from "./api.js";

declare const process: {
  argv: string[];
  env: Record<string, string | undefined>;
  exitCode: number | undefined;
};

type Schema = {
  $ref?: string;
  allOf?: Schema[];
  anyOf?: Schema[];
  type?: string | string[];
  enum?: unknown[];
  required?: string[];
  properties?: Record<string, Schema>;
  additionalProperties?: boolean | Schema;
  items?: Schema;
};
type Response_ = { $ref?: string; content?: Record<string, { schema: Schema }> };
type Document = { paths: Record<string, Record<string, { responses: Record<string, Response_> }>> };

const [publicUrl = "", askUrl = "", adminUrl = ""] = process.argv.slice(2);
const bearer = (token: string) => ({ Authorization: `Bearer ${token}` });
const owner = process.env["OWNER"] ?? "";
const operator = process.env["OPERATOR"] ?? "";

const description = (await (await fetch(`${publicUrl}/_hourgate/openapi.json`)).json()) as Document;

const flaws: string[] = [];
const succeeded = new Set<string>();

function resolved<T extends { $ref?: string }>(value: T): T {
  if (value.$ref === undefined) return value;
  let at: unknown = description;
  for (const name of value.$ref.slice(2).split("/")) at = (at as Record<string, unknown>)[name];
  return at as T;
}

function typeOf(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  return Number.isInteger(value) ? "integer" : typeof value;
}

/** Adds to `flaws` what of `value` is not as its schema says. */
function check(value: unknown, reference: Schema, where: string, flaws: string[]): void {
  const schema = resolved(reference);
  for (const part of schema.allOf ?? []) check(value, part, where, flaws);
  const fitting = schema.anyOf?.filter((choice) => {
    const flawsOfChoice: string[] = [];
    check(value, choice, where, flawsOfChoice);
    return flawsOfChoice.length === 0;
  });
  if (fitting?.length === 0) flaws.push(`${where} fits no choice: ${String(value)}`);
  const type = typeOf(value);
  const types = [schema.type ?? type].flat();
  if (!types.includes(type) && !(type === "integer" && types.includes("number")))
    flaws.push(`${where} is ${type}, not ${types.join(" or ")}`);
  if (schema.enum !== undefined && !schema.enum.includes(value))
    flaws.push(`${where} is none of the enum: ${String(value)}`);
  if (Array.isArray(value)) {
    if (schema.items !== undefined)
      for (const item of value) check(item, schema.items, `${where}[]`, flaws);
  } else if (value !== null && typeof value === "object") {
    for (const name of schema.required ?? [])
      if (!(name in value)) flaws.push(`${where}.${name} is missing`);
    for (const [name, member] of Object.entries(value)) {
      const more = schema.additionalProperties;
      const known = schema.properties?.[name] ?? (typeof more === "object" ? more : undefined);
      if (known !== undefined) check(member, known, `${where}.${name}`, flaws);
      else if (more === false) flaws.push(`${where}.${name} is not described`);
    }
  }
}

/** Compares every answer with what the document says of its operation, status and medium. */
const compare: Middleware = {
  async onResponse({ request, response, schemaPath }) {
    const where = `${request.method} ${schemaPath} ${response.status}`;
    const operation = description.paths[schemaPath]?.[request.method.toLowerCase()];
    const described = operation?.responses[String(response.status)];
    if (described === undefined) {
      flaws.push(`${where} is not described`);
      return;
    }
    const text = request.method === "HEAD" ? "" : await response.clone().text();
    const medium = (response.headers.get("Content-Type") ?? "").split(";")[0] ?? "";
    const content = resolved(described).content;
    if (text !== "") {
      const schema = content?.[medium]?.schema;
      if (schema === undefined) flaws.push(`${where}: medium ${medium}`);
      else check(medium.endsWith("json") ? JSON.parse(text) : text, schema, where, flaws);
    } else if (content !== undefined && request.method !== "HEAD") {
      flaws.push(`${where}: no body`);
    }
    if (response.ok) succeeded.add(`${request.method} ${schemaPath}`);
  },
};

function clientAt(baseUrl: string, token: string) {
  const client = createClient<paths>({ baseUrl, headers: token === "" ? {} : bearer(token) });
  client.use(compare);
  return client;
}

/** The answer's data; without it nothing that follows makes sense. */
function must<T>(answer: { data?: T; error?: unknown; response: Response }): T {
  if (answer.data === undefined)
    throw new Error(`${answer.response.url}: ${JSON.stringify(answer.error)}`);
  return answer.data;
}

function expect(what: string, is: boolean): void {
  if (!is) flaws.push(what);
}

const self = clientAt(publicUrl, owner);
const nobody = clientAt(publicUrl, "");
const admin = clientAt(adminUrl, operator);
const ask = clientAt(askUrl, owner);

// --- self-service ---

const api = "/_hourgate/api/v1";
const me = must(await self.GET(`${api}/me`)).data;
expect("the owner is the owner", me.role === "owner" && me.limits.length > 0);
const keyed = { params: { header: { "Idempotency-Key": "one" } }, body: { name: "ci" } };
const minted = must(await self.POST(`${api}/tokens`, keyed)).data;
const again = await self.POST(`${api}/tokens`, keyed);
expect("a repeat is replayed", again.response.headers.get("Idempotent-Replayed") === "true");
const prefix = { params: { path: { prefix: minted.prefix } } };
const tokens = must(await self.GET(`${api}/tokens`, { params: { query: { sort: "-created", limit: 5 } } }));
expect("the list has the token", tokens.data.some((token) => token.prefix === minted.prefix));
must(await self.GET(`${api}/tokens/{prefix}`, prefix));
must(await self.PATCH(`${api}/tokens/{prefix}`, { ...prefix, body: { note: null, name: "build" } }));
const successor = must(await self.POST(`${api}/tokens/{prefix}/rotate`, { ...prefix, body: {} })).data;
const fresh = clientAt(publicUrl, successor.token ?? "");
must(await fresh.POST(`${api}/me/rotate`, { body: { grace: "1h" } }));
must(await self.DELETE(`${api}/tokens/{prefix}`, prefix));
const members = must(await self.GET(`${api}/members`, { params: { query: { role: "owner" } } })).data;
must(await self.GET(`${api}/members/{id}`, { params: { path: { id: members[0]?.id ?? "" } } }));
must(await self.GET(`${api}/organization`));
must(await self.GET(`${api}/usage`));
const checked = must(await self.POST(`${api}/check`, { body: { method: "GET", path: "/nowhere" } })).data;
expect("nobody may call a path that is not listed", checked.error?.reason === "path_unlisted");

// --- refusals: the types tell them apart from answers ---

const refused = await nobody.GET(`${api}/me`);
expect("a refusal has a reason", refused.error !== undefined && "error" in refused.error &&
  refused.error.error.reason === "no_credentials");
const problem = await nobody.GET(`${api}/me`, { headers: { Accept: "application/problem+json" } });
expect("a problem has a title", problem.error !== undefined && "title" in problem.error &&
  problem.error.title === "Unauthorized");
await self.GET(`${api}/tokens/{prefix}`, { params: { path: { prefix: "000000000000" } } });
await self.GET(`${api}/tokens`, { params: { query: { cursor: "made up" } } });
const forbidden = await clientAt(adminUrl, owner).GET("/admin/v1/plans");
const decision = forbidden.response.headers.get("X-Hourgate-Decision") ?? "";
const told = { params: { path: { decision } } };
const why = await self.GET("/_hourgate/why/{decision}", { ...told, headers: { Accept: "application/json" } });
const story = must(why);
expect("the story is told", typeof story === "object" && story.data.reason === "role_forbidden");
must(await self.GET("/_hourgate/why/{decision}", { ...told, parseAs: "text", headers: { Accept: "text/plain" } }));

// --- the admin API ---

const root = "/admin/v1";
const made = must(await admin.POST(`${root}/workspaces`, { body: { name: "Dune", plan: "studio" } })).data;
const workspace = { params: { path: { workspace: made.id } } };
must(await admin.GET(`${root}/workspaces`, { params: { query: { search: "dune", standing: "paid" } } }));
must(await admin.GET(`${root}/workspaces/{workspace}`, workspace));
must(await admin.PATCH(`${root}/workspaces/{workspace}`, { ...workspace, body: { paidUntil: null } }));
const first = must(await admin.POST(`${root}/workspaces/{workspace}/members`,
  { ...workspace, body: { email: "paul@dune.example", role: "owner" } })).data;
const second = must(await admin.POST(`${root}/workspaces/{workspace}/members`,
  { ...workspace, body: { kind: "service", name: "importer", role: "admin" } })).data;
const member = { params: { path: { member: second.id } } };
must(await admin.GET(`${root}/workspaces/{workspace}/members`, workspace));
must(await admin.GET(`${root}/members/{member}`, member));
must(await admin.PATCH(`${root}/members/{member}`, { ...member, body: { name: "exporter" } }));
const theirs = must(await admin.POST(`${root}/members/{member}/tokens`,
  { ...member, body: { name: "job", expiresIn: "30d" } })).data;
must(await admin.POST(`${root}/workspaces/{workspace}/transfer`, { ...workspace, body: { to: second.id } }));
const removed = { params: { path: { member: first.id } } };
must(await admin.DELETE(`${root}/members/{member}`, removed));
must(await admin.POST(`${root}/members/{member}/restore`, { ...removed, body: {} }));
const gold = { params: { path: { plan: "gold" } } };
must(await admin.PUT(`${root}/plans/{plan}`,
  { ...gold, body: { api: true, rank: 30, windows: [{ name: "burst", limit: 9, seconds: 10, per: "member" }] } }));
must(await admin.GET(`${root}/plans`, { params: { query: { sort: "name" } } }));
must(await admin.GET(`${root}/plans/{plan}`, gold));
must(await admin.DELETE(`${root}/plans/{plan}`, gold));
must(await admin.GET(`${root}/tokens`, { params: { query: { workspace: made.id, status: "working" } } }));
const job = { params: { path: { prefix: theirs.prefix } } };
must(await admin.GET(`${root}/tokens/{prefix}`, job));
must(await admin.PATCH(`${root}/tokens/{prefix}`, { ...job, body: { note: "asked for" } }));
const next = must(await admin.POST(`${root}/tokens/{prefix}/rotate`, { ...job, body: { grace: "0" } })).data;
must(await admin.DELETE(`${root}/tokens/{prefix}`, { params: { path: { prefix: next.prefix } } }));
must(await admin.POST(`${root}/tokens/revoke`, { body: { workspace: made.id, preview: true } }));
must(await admin.DELETE(`${root}/workspaces/{workspace}`, workspace));
const operators = must(await admin.GET(`${root}/operators`)).data;
const spare = operators.find((token) => token.name === "spare");
must(await admin.DELETE(`${root}/operators/{prefix}`, { params: { path: { prefix: spare?.prefix ?? "" } } }));
must(await admin.GET(`${root}/audit`, { params: { query: { limit: 3 } } }));
must(await admin.GET(`${root}/usage`));
must(await admin.GET(`${root}/decisions`, { params: { query: { reason: "role_forbidden" } } }));
must(await admin.GET(`${root}/decisions/{decision}`, { ...told, headers: { Accept: "application/json" } }));

// --- what proxies and back ends ask ---

const target = "/api/v1/clients";
const original = { params: { header: { "X-Original-Method": "GET", "X-Original-URI": target } } };
const forwarded = { params: { header: { "X-Forwarded-Method": "GET", "X-Forwarded-Uri": target } } };
const granted = await ask.GET("/_hourgate/auth/nginx", original);
expect("nginx is told who calls", granted.response.headers.get("X-Hourgate-Role") === "owner");
await ask.GET("/_hourgate/auth/caddy", forwarded);
await ask.GET("/_hourgate/auth/traefik", forwarded);
const stranger = clientAt(askUrl, "");
const denied = await stranger.GET("/_hourgate/denied", original);
expect("the answer is given in full", denied.error !== undefined && "error" in denied.error &&
  denied.error.error.reason === "no_credentials");
succeeded.add("GET /_hourgate/denied"); // it only ever refuses
const call = { params: { path: { path: "health" } } };
const envoy = "/_hourgate/auth/envoy/{path}";
await ask.GET(envoy, call);
await ask.HEAD(envoy, call);
await ask.POST(envoy, call);
await ask.PUT(envoy, call);
await ask.PATCH(envoy, call);
await ask.DELETE(envoy, call);
await ask.OPTIONS(envoy, call);
const verdict = must(await stranger.POST("/_hourgate/verify", { body: { token: owner, method: "GET", path: target } }));
expect("verify grants", verdict.granted && verdict.status === 200 && verdict.error === null);
const introspected = must(await stranger.POST("/_hourgate/introspect", {
  body: { token: owner },
  headers: { "Content-Type": "application/x-www-form-urlencoded" },
}));
expect("the token is active", introspected.active && introspected.token_type === "Bearer");

// --- health and documents ---

must(await nobody.GET("/_hourgate/healthz", { parseAs: "text" }));
must(await nobody.GET("/_hourgate/readyz", { parseAs: "text" }));
must(await nobody.GET("/_hourgate/openapi.json"));
must(await nobody.GET("/_hourgate/errors", { parseAs: "text", headers: { Accept: "text/markdown" } }));
must(await nobody.GET("/_hourgate/errors", { parseAs: "text", headers: { Accept: "text/html" } }));
must(await clientAt(adminUrl, "").GET("/metrics", { parseAs: "text" }));

for (const [path, operations] of Object.entries(description.paths))
  for (const method of Object.keys(operations))
    if (method !== "parameters" && !succeeded.has(`${method.toUpperCase()} ${path}`))
      flaws.push(`${method.toUpperCase()} ${path} was not read`);
for (const flaw of flaws) console.log(flaw);
console.log(`${succeeded.size} operations read, ${flaws.length} flaws`);
process.exitCode = flaws.length === 0 ? 0 : 1;
