// Whether virtual time is what it says: all ways to ask for it and to wait in this process.
#pragma once

namespace endure::virtual_time {

// On standard output what did not hold; 1 then. Once in a process.
int check();

}  // namespace endure::virtual_time
