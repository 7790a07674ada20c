// Every bound of the program, in one place. Static assertions check how they relate, where that is
// possible. Names end in their unit. If an operator may change a bound, its default is here and its
// key is in config.example.toml; the others are fixed.
#pragma once

#include <cstddef>
#include <cstdint>

namespace hourgate::limits {

// --- a request ---------------------------------------------------------------------------------
/// Path and query; a longer target gets 414. RFC 9110 section 4.1 recommends at least 8,000.
constexpr std::size_t target_bytes_default = 8'000;
constexpr std::size_t target_bytes_least = 1'024;
constexpr std::size_t target_bytes_max = 16'384;
/// One header line. The longest target that can be configured, sent by a proxy in a header, fits.
constexpr std::size_t head_line_bytes_max = 8'192;
constexpr std::size_t head_bytes_max = 32'768;  ///< all header lines together
constexpr std::size_t headers_max = 100;        ///< header lines
/// Options in all Connection lines of a head, empty ones included. Each header of the head is
/// compared with each option, so this bounds the work for one head. Real clients send one or two.
constexpr std::size_t connection_options_max = 32;
/// The body of a forwarded call occupies a connection to the API, so it must arrive at this rate or
/// faster. Every network is fast enough (GPRS has 1 KiB/s). It may pause for body_pause_ms, as long
/// as a change of networks takes.
constexpr std::int64_t body_bytes_per_s_min = 256;
constexpr std::int64_t body_pause_ms = 10'000;
/// One address may use this fraction (1/8) of its connections for calls with unfinished bodies:
/// most calls have no body, or one that arrives with the head. The minimum allows for browsers,
/// which open six connections at once.
constexpr std::size_t bodies_per_address_part = 8;
constexpr std::size_t bodies_per_address_min = 16;
constexpr std::size_t verify_body_bytes_max = 32'768;  ///< JSON body of POST /_hourgate/verify
constexpr std::size_t path_segments_max = 64;
/// How far a body, or Basic's credentials, is searched for a token in the wrong place.
constexpr std::size_t misplaced_bytes_max = 4'096;

// --- a token -----------------------------------------------------------------------------------
constexpr std::size_t brand_bytes_max = 16;
constexpr std::size_t scopes_max = 32;
constexpr std::size_t token_name_bytes_max = 100;
constexpr std::size_t note_bytes_max = 500;  ///< of a token
/// For this long before a token expires, every response carries a notice.
constexpr std::int64_t expiry_notice_ms = 14 * std::int64_t{86'400'000};

// --- the gate's own routes ---------------------------------------------------------------------
// Gate routes spend from windows of their own. The limit per token keeps one token from using up
// what another needs. Changes also have a limit per member (gate/room.cpp lists them).
constexpr std::uint32_t gate_window_s = 60;
/// Reading and minting: enough for a page that asks four times a second.
constexpr std::uint32_t self_service_calls_per_token = 240;
constexpr std::uint32_t self_service_calls_per_member = 1'200;
/// Asking why, predicting an answer, and a revocation that changes nothing: one a second.
constexpr std::uint32_t urgent_calls_per_token = 60;
constexpr std::uint32_t urgent_calls_per_member = 600;
/// Rotating: each rotation is written to disk, and its successor gets a new window per token.
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
constexpr std::int64_t prune_looked_at_max = 1'000;     ///< tokens inspected in one batch
constexpr std::int64_t prune_rows_max = 500;            ///< rows deleted in one transaction
constexpr std::int64_t prune_rest_ms = 10 * 60'000;     ///< pause between two walks over all tokens
constexpr std::size_t directory_swept_per_shard = 512;  ///< cached tokens inspected in one sweep

// --- lists -------------------------------------------------------------------------------------
constexpr std::size_t search_bytes_max = 100;  ///< the text that a list is searched for

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
/// If the resource allows an unusual path and [policy] does not, every other reading of it is
/// checked. The gate refuses the path if it is longer than this (without its query), or has more
/// readings.
constexpr std::size_t oddly_read_path_bytes_max = 2'048;
constexpr std::size_t other_readings_max = 32;
constexpr std::size_t paths_per_resource_max = 32;
constexpr std::size_t methods_per_resource_max = 16;
/// Names of resources that have their own metrics from one start to the next, whatever is
/// configured in between.
constexpr std::size_t resource_places_max = 512;

// --- tables in memory --------------------------------------------------------------------------
constexpr std::size_t limiter_shards = 64;
constexpr std::size_t addresses_max = 65'536;  ///< per table (failures, public, preflights)
/// Slots of such a table that one net may take: an IPv6 /48 or an IPv4 /16. An IPv6 /56 has 256
/// addresses (/64s), so one customer of a provider takes at most a sixteenth of its net's slots.
constexpr std::size_t addresses_per_net_max = 4'096;
constexpr std::size_t nets_max = 4'096;          ///< whose other addresses share one window
constexpr std::size_t nets_per_block_max = 256;  ///< of one IPv6 /32 or IPv4 /8
constexpr std::size_t blocks_max = 1'024;        ///< whose other nets share one window
constexpr std::size_t directory_shards = 64;
constexpr std::size_t directory_entries_max = 1'048'576;
/// Changed rows that are remembered between two reads of one entry.
constexpr std::size_t directory_changes_max = 4'096;

// --- nginx asks twice --------------------------------------------------------------------------
constexpr std::size_t asks_max = 32'768;  ///< calls remembered in case nginx asks about them again
constexpr std::int64_t ask_repeat_us = 2'000'000;  ///< how long they are remembered

// --- counters that survive a restart ------------------------------------------------------------
/// Plus the time that a write takes: a crash loses at most 5 s.
constexpr std::int64_t state_write_ms = 4'000;
constexpr std::int64_t state_rewrite_us = 60'000'000;  ///< also if nothing was counted
constexpr std::size_t state_bytes_max = 512U << 20U;   ///< of the file
/// Copied at a time, before it is written.
constexpr std::size_t state_piece_bytes = 256U << 10U;
constexpr std::size_t state_piece_bytes_max = 16U << 20U;  ///< with the last few logs of a piece
constexpr std::size_t state_entries_max = 4'194'304;       ///< of one table
constexpr std::int64_t state_instant_us_max = std::int64_t{1} << 52U;  ///< 142 years

// --- usage -------------------------------------------------------------------------------------
constexpr std::size_t usage_shards = 64;
constexpr std::size_t usage_entries_per_shard_max =
    16'384;  ///< tokens counted between two writings
constexpr std::int64_t usage_write_ms = 2'000;
/// For this long after a rotation, the successor's first call is recorded at once.
constexpr std::int64_t fresh_successor_ms = 60'000;
constexpr std::size_t usage_notes_per_write = 500;  ///< in one transaction

// --- the decision log --------------------------------------------------------------------------
constexpr std::size_t kept_path_bytes_max = 1'024;  ///< of a recorded path
constexpr std::size_t kept_word_bytes_max = 128;    ///< of a method or a request id
constexpr std::size_t kept_host_bytes_max = 260;    ///< any host name with its port
constexpr std::size_t decisions_in_memory = 4'096;  ///< the latest ones
constexpr std::size_t sample_slots = 4'096;         ///< granted calls recorded in one sample time
constexpr std::int64_t sample_s = 10;
constexpr std::int64_t decisions_write_ms = 1'000;
constexpr std::size_t decisions_per_write = 200;     ///< in one transaction
constexpr std::size_t decisions_per_second = 2'000;  ///< written; the rest are dropped
constexpr std::uint32_t refusals_per_source = 60;    ///< of one token, written per minute
constexpr std::size_t refusal_sources_max = 65'536;  ///< counted separately; all others share one
/// Records of unknown callers. Each costs up to 8 KiB of disk writes, so one second of records
/// costs less than what a flood sends in that time.
constexpr std::uint32_t stranger_records_at_once = 30;
constexpr std::uint32_t stranger_records_per_second = 1;
constexpr std::uint32_t stranger_records_per_net = 20;  ///< an IPv6 /48 or IPv4 /24, per minute
/// Decisions kept while the database accepts no writes.
constexpr std::size_t decisions_waiting_max = 8'192;

// --- the log -----------------------------------------------------------------------------------
/// Lines that a slow reader has not taken yet.
constexpr std::size_t log_waiting_bytes_max = 1U << 20U;
/// How long a slow reader may block the log at a stop, or while no writer thread runs.
constexpr std::int64_t log_patience_ms = 1'000;
constexpr std::int64_t log_granted_every_max = 1'000'000;
constexpr std::uint32_t refusal_lines_per_token = 600;  ///< per minute
/// Log lines of unknown callers.
constexpr std::uint32_t stranger_lines_at_once = 240;
constexpr std::uint32_t stranger_lines_per_second = 20;
constexpr std::uint32_t stranger_lines_per_net = 240;  ///< an IPv6 /48 or IPv4 /24, per minute

// --- directory lease ---------------------------------------------------------------------------
constexpr std::int64_t lease_us = 10'000;
constexpr std::int64_t writer_wait_us = 11'000;  ///< a writer returns this long after its commit

// --- server ------------------------------------------------------------------------------------
constexpr std::size_t connections_max = 16'384;  ///< open at a time, for each listener
constexpr std::size_t connections_per_address = 1'024;
constexpr std::size_t loops_max = 64;  ///< event loop threads, for each listener
/// Of one connection, before the others have their turn.
constexpr std::size_t requests_per_turn = 64;
constexpr std::size_t workers_per_listener = 8;  ///< threads that may wait for the disk
constexpr std::size_t work_queued_max = 1'024;   ///< waiting for a worker; further ones get 503
constexpr std::int64_t read_timeout_ms = 5'000;
constexpr std::int64_t write_timeout_ms = 5'000;
constexpr std::int64_t idle_timeout_ms = 30'000;
constexpr std::size_t keep_alive_requests_max = 1'000'000;

// --- the API behind the gate -------------------------------------------------------------------
constexpr std::size_t upstream_addresses_max = 256;
constexpr std::size_t apis_max = 64;
constexpr std::size_t pipe_bytes_max = 65'536;  ///< buffered of an exchange, in each direction
// A response head may be longer than a request head: an API decides how long its policy headers and
// cookies are.
constexpr std::size_t answer_head_line_bytes_max = 65'536;
constexpr std::size_t answer_head_bytes_max = 131'072;
constexpr std::size_t answer_headers_max = 512;
constexpr std::int64_t resolve_rest_ms = 1'000;  ///< pause between two look-ups of its names
constexpr std::int64_t resolve_wait_ms = 5'000;  ///< how long a start or a reload waits for names
constexpr std::size_t upstream_idle_connections = 256;  ///< kept by one event loop
constexpr std::int64_t upstream_idle_ms = 30'000;       ///< how long they are kept
/// For this long after an answer to HEAD, a 204 or a 304, a connection serves only the same caller.
/// An API that wrongly sends a body may send it in a later segment, which waits for our
/// acknowledgement of the first. Linux delays that acknowledgement by at most 200 ms.
constexpr std::int64_t upstream_settle_ms = 250;
/// Of one event loop; further ones are closed.
constexpr std::size_t upstream_settling_connections = 32;
/// For this long after a failure, other addresses are tried first.
constexpr std::int64_t upstream_rest_ms = 5'000;
constexpr std::int64_t stream_check_ms = 1'000;    ///< streams are rechecked this often
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
