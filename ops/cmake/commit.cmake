# Writes OUTPUT, a C++ source that says of which commit SOURCE is; touched only when that has changed.
#   cmake -DSOURCE=FOLDER -DOUTPUT=FILE -P commit.cmake
# A checkout is asked; what `git archive` made says it itself; elsewhere MINER_COMMIT in the environment may (a container's
# build has no .git). Nobody knows otherwise.
set(archived "$Format:%H$")  # git archive replaces this: see .gitattributes

set(commit unknown)
if(NOT archived MATCHES "Format")
    string(SUBSTRING ${archived} 0 12 commit)
elseif(NOT "$ENV{MINER_COMMIT}" STREQUAL "")
    set(commit $ENV{MINER_COMMIT})
endif()

# Without optional locks, so that a commit which someone makes meanwhile finds the index free.
function(ask_git result)
    execute_process(COMMAND git --no-optional-locks ${ARGN} WORKING_DIRECTORY ${SOURCE}
                    OUTPUT_VARIABLE out ERROR_QUIET RESULT_VARIABLE failed OUTPUT_STRIP_TRAILING_WHITESPACE)
    if(failed)
        set(out failed)
    endif()
    set(${result} "${out}" PARENT_SCOPE)
endfunction()

# Unpacked somewhere inside another project, the way up to that one's top is not empty.
ask_git(way_up rev-parse --show-cdup)
if(way_up STREQUAL "")
    ask_git(head rev-parse --short=12 HEAD)
    if(NOT head STREQUAL failed)
        set(commit ${head})
        ask_git(changes status --porcelain --untracked-files=no)
        if(NOT changes STREQUAL "")
            string(APPEND commit -dirty)
        endif()
    endif()
endif()

if(NOT commit MATCHES "^[0-9A-Za-z._-]+$")
    message(FATAL_ERROR "MINER_COMMIT is no commit: '${commit}'")
endif()
file(CONFIGURE OUTPUT ${OUTPUT} CONTENT [[
#include "config/version.hpp"

namespace config {

std::string_view commit() { return "@commit@"; }

}  // namespace config
]] @ONLY)
