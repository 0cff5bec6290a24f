// Boost.JSON once more, for libraries that are opened: the distribution's static one is compiled
// for programs alone.
#include <boost/json/src.hpp>
