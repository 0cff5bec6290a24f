// Random uuids (version 4) as text.
#pragma once

#include <string>

namespace network {

// Like "7a4f2c10-a9b4-41ef-9cd2-0242ac120002". From the system's random numbers; any thread.
std::string random_uuid();

}  // namespace network
