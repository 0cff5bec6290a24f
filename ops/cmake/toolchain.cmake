# How everything here is compiled: one standard, warnings as errors, ccache and a fast linker where there is one.
set(CMAKE_CXX_STANDARD 20)  # nvcc refuses 23
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

if(NOT CMAKE_BUILD_TYPE)
    set(CMAKE_BUILD_TYPE Release)
endif()

find_program(CCACHE ccache)
if(CCACHE)
    # Precompiled headers hit the cache only when it may ignore their times and trust their macros;
    # relative paths let one clone use what another has compiled.
    set(CMAKE_CXX_COMPILER_LAUNCHER
        ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
        CCACHE_NOHASHDIR=1 CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} ${CCACHE})
    add_compile_options($<$<COMPILE_LANG_AND_ID:CXX,GNU>:-fpch-preprocess>)
    set(CMAKE_PCH_INSTANTIATE_TEMPLATES OFF)
else()
    # What ccache does besides: a program holds no path of the folder that it was built in.
    file(RELATIVE_PATH way_up ${CMAKE_BINARY_DIR} ${CMAKE_SOURCE_DIR}/ops)
    string(REGEX REPLACE "ops/*$" "" way_up ${way_up})
    add_compile_options("$<$<COMPILE_LANGUAGE:CXX>:-ffile-prefix-map=${CMAKE_SOURCE_DIR}/=${way_up}>")
endif()

find_program(MOLD mold)
if(MOLD)
    add_link_options(-fuse-ld=mold)
endif()

# Every target of ours links it; dependencies come in as system headers and are left alone.
add_library(miner_options INTERFACE)
target_compile_options(miner_options INTERFACE
    $<$<COMPILE_LANGUAGE:CXX>:-Wall -Wextra -Wpedantic -Wshadow -Werror
        -Wno-missing-field-initializers>  # options structs name what differs from the default
    # g++ 12 sees ghosts in coroutine frames and in inlined library code.
    $<$<COMPILE_LANG_AND_ID:CXX,GNU>:-Wno-maybe-uninitialized -Wno-mismatched-new-delete -Wno-restrict -Wno-array-bounds -Wno-stringop-overflow>)
# g++ 13 and later take a reference that a function returns for one into its arguments.
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_GREATER_EQUAL 13)
    target_compile_options(miner_options INTERFACE $<$<COMPILE_LANGUAGE:CXX>:-Wno-dangling-reference>)
endif()
target_include_directories(miner_options INTERFACE ${CMAKE_SOURCE_DIR})
# An index out of range shall end in a crash report, not in somebody else's memory, for operators as in tests: enhancing a
# picture, cropping it and reading a runtime's metadata take as many instructions as without, to a thousandth.
target_compile_definitions(miner_options INTERFACE $<$<COMPILE_LANGUAGE:CXX>:_GLIBCXX_ASSERTIONS>)

if(MINER_SANITIZE)
    add_compile_options(-fsanitize=${MINER_SANITIZE} -fno-omit-frame-pointer -g1)
    add_link_options(-fsanitize=${MINER_SANITIZE})
    if(MINER_SANITIZE MATCHES "thread" AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
        target_compile_options(miner_options INTERFACE -Wno-tsan)  # atomic_thread_fence inside Asio
    endif()
endif()
