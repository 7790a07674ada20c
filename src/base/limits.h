// Every bound of the program, in one place, with their relations proved where they can be.
// Units are last in the names. A bound that an operator may change is a default here and a key in
// config.example.toml; the others are fixed.
#pragma once

#include <cstddef>
#include <cstdint>

namespace hourgate::limits {

// --- a request ---------------------------------------------------------------------------------
/// Path and query; longer is 414. RFC 9110 section 4.1 recommends 8,000 at least.
constexpr std::size_t target_bytes_default = 8'000;
constexpr std::size_t target_bytes_least = 1'024;
constexpr std::size_t target_bytes_max = 16'384;
/// One header line. One in which a proxy says the target has room for a target of any length that
/// may be configured.
constexpr std::size_t head_line_bytes_max = 8'192;
constexpr std::size_t head_bytes_max = 32'768;  ///< all header lines together
constexpr std::size_t headers_max = 100;        ///< header lines
/// Options of all Connection lines of a head, empty ones included. Each header of the head is
/// compared with each option, so this bounds the work for one head. Real clients send one or two.
constexpr std::size_t connection_options_max = 32;
/// The body of a forwarded call holds a connection to the API. It comes at this rate or faster, as
/// every network allows (GPRS has 1 KiB/s), or with pauses that a change of networks takes.
constexpr std::int64_t body_bytes_per_s_min = 256;
constexpr std::int64_t body_pause_ms = 10'000;
/// How many unfinished ones the calls of one address may have: this part of its connections, since
/// most calls have no body, or one that comes with its head. No fewer than the least: a browser
/// opens six connections at once.
constexpr std::size_t bodies_per_address_part = 8;
constexpr std::size_t bodies_per_address_min = 16;
constexpr std::size_t verify_body_bytes_max = 32'768;  ///< JSON body of POST /_hourgate/verify
constexpr std::size_t path_segments_max = 64;
/// Of a body and of Basic's credentials: so far is looked for a token in the wrong place.
constexpr std::size_t misplaced_bytes_max = 4'096;

// --- a token -----------------------------------------------------------------------------------
constexpr std::size_t brand_bytes_max = 16;
constexpr std::size_t scopes_max = 32;
constexpr std::size_t token_name_bytes_max = 100;
constexpr std::size_t note_bytes_max = 500;                               ///< of a token
constexpr std::int64_t expiry_notice_ms = 14 * std::int64_t{86'400'000};  ///< told on every answer

// --- the gate's own routes ---------------------------------------------------------------------
// They spend from windows of their own. Each has a limit per token, so that no token uses up what
// another one needs; and one per member for what changes something (gate/room.cpp says for what).
constexpr std::uint32_t gate_window_s = 60;
/// Reading and minting: a page that asks four things a second.
constexpr std::uint32_t self_service_calls_per_token = 240;
constexpr std::uint32_t self_service_calls_per_member = 1'200;
/// Asking why, asking what would be, revoking without effect: one a second.
constexpr std::uint32_t urgent_calls_per_token = 60;
constexpr std::uint32_t urgent_calls_per_member = 600;
/// Rotating: each one is written to the disk, and its successor has a new window per token.
constexpr std::uint32_t rotations_per_token = 60;
constexpr std::uint32_t rotations_per_member = 120;

// --- management --------------------------------------------------------------------------------
constexpr std::size_t management_body_bytes_max = 32'768;  ///< JSON body of a change
constexpr std::int64_t page_items_max = 200;
constexpr std::int64_t page_items_default = 50;
constexpr std::size_t idempotency_key_bytes_max = 255;
constexpr std::int64_t idempotency_keep_ms = 86'400'000;
constexpr std::size_t prefixes_per_revocation_max = 1'000;
constexpr std::int64_t mints_window_s = 86'400;  ///< of tokens.mints_per_day

// --- tokens that ended long ago ------------------------------------------------------------------
constexpr std::int64_t prune_looked_at_max = 1'000;     ///< tokens looked at in one batch
constexpr std::int64_t prune_rows_max = 500;            ///< rows deleted in one transaction
constexpr std::int64_t prune_rest_ms = 10 * 60'000;     ///< between two walks over all tokens
constexpr std::size_t directory_swept_per_shard = 512;  ///< remembered tokens looked at in a sweep

// --- lists -------------------------------------------------------------------------------------
constexpr std::size_t search_bytes_max = 100;  ///< a text that a list is searched for

// --- names -------------------------------------------------------------------------------------
constexpr std::size_t name_bytes_max = 200;   ///< workspace and member names
constexpr std::size_t email_bytes_max = 254;  ///< RFC 5321 section 4.5.3.1.3 less the brackets

// --- plans and windows -------------------------------------------------------------------------
constexpr std::size_t plans_max = 64;
constexpr std::size_t plan_name_bytes_max = 32;
constexpr std::size_t windows_per_plan_max = 8;
constexpr std::uint32_t window_calls_max = 10'000'000;
constexpr std::uint32_t window_seconds_max = 31 * 86'400;
constexpr std::uint32_t exact_calls_max = 2'048;  ///< larger windows are counted in sub-windows
constexpr std::uint32_t sub_windows = 256;

// --- policy ------------------------------------------------------------------------------------
constexpr std::size_t resources_max = 256;
/// A path that its resource allows and [policy] does not is checked in every other reading. The
/// gate refuses it if it is longer (without its query), or has more readings.
constexpr std::size_t oddly_read_path_bytes_max = 2'048;
constexpr std::size_t other_readings_max = 32;
constexpr std::size_t paths_per_resource_max = 32;
constexpr std::size_t methods_per_resource_max = 16;
/// Names of resources that are told apart in the metrics from a start to the next, whatever is
/// configured in between.
constexpr std::size_t resource_places_max = 512;

// --- tables in memory --------------------------------------------------------------------------
constexpr std::size_t limiter_shards = 64;
constexpr std::size_t addresses_max = 65'536;  ///< per table (failures, public, preflights)
/// Places of such a table that one net may take: an IPv6 /48 or an IPv4 /16. An IPv6 /56 has 256
/// addresses (/64s), so no customer of a provider takes more than a sixteenth of what the net may.
constexpr std::size_t addresses_per_net_max = 4'096;
constexpr std::size_t nets_max = 4'096;          ///< whose other addresses share one window
constexpr std::size_t nets_per_block_max = 256;  ///< of one IPv6 /32 or IPv4 /8
constexpr std::size_t blocks_max = 1'024;        ///< whose other nets share one window
constexpr std::size_t directory_shards = 64;
constexpr std::size_t directory_entries_max = 1'048'576;
/// Changed rows remembered between two readings of one entry.
constexpr std::size_t directory_changes_max = 4'096;

// --- nginx asks twice --------------------------------------------------------------------------
constexpr std::size_t asks_max = 32'768;  ///< calls remembered that may be asked about again
constexpr std::int64_t ask_repeat_us = 2'000'000;  ///< and for how long

// --- counters that survive a restart ------------------------------------------------------------
constexpr std::int64_t state_write_ms = 4'000;  ///< and the time a writing takes: at most 5 s lost
constexpr std::int64_t state_rewrite_us = 60'000'000;      ///< also when nothing was counted
constexpr std::size_t state_bytes_max = 512U << 20U;       ///< of the file
constexpr std::size_t state_piece_bytes = 256U << 10U;     ///< what is copied before it is written
constexpr std::size_t state_piece_bytes_max = 16U << 20U;  ///< with the last few logs of a piece
constexpr std::size_t state_entries_max = 4'194'304;       ///< of one table
constexpr std::int64_t state_instant_us_max = std::int64_t{1} << 52U;  ///< 142 years

// --- usage -------------------------------------------------------------------------------------
constexpr std::size_t usage_shards = 64;
constexpr std::size_t usage_entries_per_shard_max =
    16'384;  ///< tokens counted between two writings
constexpr std::int64_t usage_write_ms = 2'000;
/// So long after a rotation the successor's first call is put on record at once.
constexpr std::int64_t fresh_successor_ms = 60'000;
constexpr std::size_t usage_notes_per_write = 500;  ///< in one transaction

// --- the decision log --------------------------------------------------------------------------
constexpr std::size_t kept_path_bytes_max = 1'024;  ///< of a path on record
constexpr std::size_t kept_word_bytes_max = 128;    ///< of a method, a request id
constexpr std::size_t kept_host_bytes_max = 260;    ///< any name, and its port
constexpr std::size_t decisions_in_memory = 4'096;  ///< the latest
constexpr std::size_t sample_slots = 4'096;         ///< granted calls on record in one sample time
constexpr std::int64_t sample_s = 10;
constexpr std::int64_t decisions_write_ms = 1'000;
constexpr std::size_t decisions_per_write = 200;     ///< in one transaction
constexpr std::size_t decisions_per_second = 2'000;  ///< written; more are passed over
constexpr std::uint32_t refusals_per_source = 60;    ///< of one token, written a minute
constexpr std::size_t refusal_sources_max = 65'536;  ///< told apart; the others are one
/// Of callers nobody knows. A record costs up to 8 KiB of the disk's writes, so that a second of
/// them costs less than what a flood sends in that time.
constexpr std::uint32_t stranger_records_at_once = 30;
constexpr std::uint32_t stranger_records_per_second = 1;
constexpr std::uint32_t stranger_records_per_net = 20;  ///< an IPv6 /48 or IPv4 /24, a minute
constexpr std::size_t decisions_waiting_max = 8'192;    ///< for a database that does not take them

// --- the log -----------------------------------------------------------------------------------
constexpr std::size_t log_waiting_bytes_max = 1U << 20U;  ///< lines for a reader that is slow
constexpr std::int64_t log_patience_ms = 1'000;           ///< with one, when nobody may wait
constexpr std::int64_t log_granted_every_max = 1'000'000;
constexpr std::uint32_t refusal_lines_per_token = 600;  ///< a minute
/// Of callers nobody knows.
constexpr std::uint32_t stranger_lines_at_once = 240;
constexpr std::uint32_t stranger_lines_per_second = 20;
constexpr std::uint32_t stranger_lines_per_net = 240;  ///< an IPv6 /48 or IPv4 /24, a minute

// --- directory lease ---------------------------------------------------------------------------
constexpr std::int64_t lease_us = 10'000;
constexpr std::int64_t writer_wait_us = 11'000;  ///< a writer returns this long after its commit

// --- server ------------------------------------------------------------------------------------
constexpr std::size_t connections_max = 16'384;  ///< open at a time, for each listener
constexpr std::size_t connections_per_address = 1'024;
constexpr std::size_t loops_max = 64;            ///< threads that move bytes, for each listener
constexpr std::size_t requests_per_turn = 64;    ///< of one connection, before others have theirs
constexpr std::size_t workers_per_listener = 8;  ///< threads for what may wait for the disk
constexpr std::size_t work_queued_max = 1'024;   ///< waiting for one; more are told 503
constexpr std::int64_t read_timeout_ms = 5'000;
constexpr std::int64_t write_timeout_ms = 5'000;
constexpr std::int64_t idle_timeout_ms = 30'000;
constexpr std::size_t keep_alive_requests_max = 1'000'000;

// --- the API behind the gate -------------------------------------------------------------------
constexpr std::size_t upstream_addresses_max = 256;
constexpr std::size_t apis_max = 64;
constexpr std::size_t pipe_bytes_max = 65'536;  ///< held of an exchange, each way
// The head of an answer has more room than that of a request: an API's policy headers and cookies
// are as long as it makes them.
constexpr std::size_t answer_head_line_bytes_max = 65'536;
constexpr std::size_t answer_head_bytes_max = 131'072;
constexpr std::size_t answer_headers_max = 512;
constexpr std::int64_t resolve_rest_ms = 1'000;  ///< from one look-up of its names to the next
constexpr std::int64_t resolve_wait_ms = 5'000;  ///< a start and a reload wait for names so long
constexpr std::size_t upstream_idle_connections = 256;  ///< kept by one loop
constexpr std::int64_t upstream_idle_ms = 30'000;       ///< how long they are kept
/// For so long after an answer to HEAD, a 204 or a 304 a connection serves the same caller alone.
/// An API that sends a body all the same may send it in a later segment, which waits for our
/// acknowledgement of the first: Linux delays that by 200 ms at most.
constexpr std::int64_t upstream_settle_ms = 250;
constexpr std::size_t upstream_settling_connections = 32;  ///< by one loop; others are closed
constexpr std::int64_t upstream_rest_ms = 5'000;   ///< after a failure, others are asked first
constexpr std::int64_t stream_check_ms = 1'000;    ///< streams are decided again
constexpr std::int64_t stream_unsure_ms = 60'000;  ///< a stream's end when that never works

static_assert(writer_wait_us > lease_us, "a writer outlasts every lease taken before its commit");
static_assert(connections_per_address < connections_max);
static_assert(resource_places_max > resources_max + 4, "all of one configuration, and ours");
static_assert(upstream_settling_connections < upstream_idle_connections);
static_assert(stream_check_ms < body_pause_ms, "a pause is seen before it is too long");
static_assert(exact_calls_max < window_calls_max);
static_assert(state_piece_bytes < state_piece_bytes_max && state_piece_bytes_max < state_bytes_max);
static_assert(addresses_max / addresses_per_net_max >= 16 && nets_max / nets_per_block_max >= 16,
              "one neighbourhood leaves most of the room to others");
static_assert(addresses_per_net_max >= 16 * 256, "of an IPv6 /48, one /56 takes a sixteenth");
static_assert(nets_per_block_max >= 256 && blocks_max >= 256, "all of IPv4 has its window");
static_assert(addresses_max <= state_entries_max && state_write_ms < 5'000);
static_assert(limiter_shards != 0 && (limiter_shards & (limiter_shards - 1)) == 0);
static_assert(directory_shards != 0 && (directory_shards & (directory_shards - 1)) == 0);
static_assert(directory_entries_max % directory_shards == 0);
static_assert(target_bytes_least < target_bytes_default && target_bytes_default < target_bytes_max);
static_assert(target_bytes_max < head_bytes_max && head_line_bytes_max < head_bytes_max);
static_assert(2 * target_bytes_max <= verify_body_bytes_max &&
                  2 * target_bytes_max <= management_body_bytes_max,
              "a question about the longest target fits, and what is escaped in it");
static_assert(head_bytes_max < answer_head_bytes_max);
static_assert(answer_head_line_bytes_max < answer_head_bytes_max);
static_assert(head_bytes_max + target_bytes_max < pipe_bytes_max, "a head fits, and what is added");

}  // namespace hourgate::limits
