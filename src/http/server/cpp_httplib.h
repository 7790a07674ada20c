// Includes cpp-httplib with the same bounds everywhere. No other file includes it. These bounds are
// for what the library reads; http/wire/request_head.h has those of a request.
#pragma once

#define CPPHTTPLIB_LISTEN_BACKLOG 4096
#define CPPHTTPLIB_TCP_NODELAY true
#define CPPHTTPLIB_REQUEST_URI_MAX_LENGTH 4096
#define CPPHTTPLIB_HEADER_MAX_LENGTH 8192
#define CPPHTTPLIB_HEADER_MAX_COUNT 100
#define CPPHTTPLIB_MAX_LINE_LENGTH 8192
#define CPPHTTPLIB_PAYLOAD_MAX_LENGTH 16384

#include <httplib.h>
