// Everything said on one connection: request, answer, and again, until one side is done with it.
#pragma once

#include "base/address.h"
#include "http/seats.h"
#include "http/service.h"

namespace hourgate::http {

/// Serves the connection on `socket` until it is to be closed; leaves the closing to the caller.
/// REQUIRES: the socket has a seat. Never throws.
void converse(int socket, const Address& peer, Listener listener, Service& service,
              Seats& seats) noexcept;

}  // namespace hourgate::http
