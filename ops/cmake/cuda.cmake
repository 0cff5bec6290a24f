# A build for a GPU: nvcc, for which cards, and libtorch's CUDA part. find_package(Torch) would ask for a whole toolkit; what is
# needed of it is a compiler, headers and one library, and these come as Python wheels, too (ops/setup.sh).
include(cuda_architectures)
set(MINER_CUDA_ARCHITECTURES "" CACHE STRING "Compute capabilities that kernels are built for: 8.6 12.0+PTX, release, or empty")
miner_cuda_architectures("${MINER_CUDA_ARCHITECTURES}" cuda_capabilities CMAKE_CUDA_ARCHITECTURES)
message(NOTICE "GPU kernels for compute capability ${cuda_capabilities}")

if(NOT CMAKE_CUDA_COMPILER)
    execute_process(COMMAND ${CMAKE_SOURCE_DIR}/ops/lib/find_nvcc.sh OUTPUT_VARIABLE CMAKE_CUDA_COMPILER
                    OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
endif()
set(CMAKE_CUDA_HOST_COMPILER ${CMAKE_CXX_COMPILER})
set(CMAKE_CUDA_COMPILER_LAUNCHER ${CMAKE_CXX_COMPILER_LAUNCHER})
set(cuda_root ${torch_site}/nvidia/cu13)  # its headers and libraries, as libtorch was built with them
# CMake links programs to try nvcc, which looks for its libraries in lib64; a wheel has them in lib.
set(CMAKE_CUDA_FLAGS_INIT -L${cuda_root}/lib)
enable_language(CUDA)
set(CMAKE_CUDA_RUNTIME_LIBRARY None)  # libtorch's, which is linked by its name below
# CMake 3.25 knows no C++20 for nvcc, which has it.
if(NOT CMAKE_CUDA20_STANDARD_COMPILE_OPTION)
    set(CMAKE_CUDA20_STANDARD_COMPILE_OPTION "-std=c++20")
    set(CMAKE_CUDA20_EXTENSION_COMPILE_OPTION "-std=c++20")
endif()

# The same bytes from the same commit: nvcc writes the names of its temporary files, which hold its process's number, and the
# path of each header with a check into what it makes. The host compiler's flags come from a file, as nvcc parts them at blanks.
# One thing stays: a number that nvcc draws from a source's path is in the names of kernels, so a build for a GPU is the same
# in a folder of the same name.
file(RELATIVE_PATH way_up ${CMAKE_BINARY_DIR} ${CMAKE_SOURCE_DIR}/ops)
string(REGEX REPLACE "ops/*$" "" way_up ${way_up})
file(WRITE ${CMAKE_BINARY_DIR}/cuda_host_flags "\"-ffile-prefix-map=${CMAKE_SOURCE_DIR}/=${way_up}\"\n")
add_compile_options("$<$<COMPILE_LANGUAGE:CUDA>:--objdir-as-tempdir;-Xcompiler=@cuda_host_flags>")

# Headers of the wheels, for nvcc alone: after those of an installed toolkit that it came from, and of C++ sources only what calls cuDNN needs them.
target_include_directories(miner_torch SYSTEM INTERFACE $<$<COMPILE_LANGUAGE:CUDA>:${cuda_root}/include>)
# Half of libtorch's kernels announce themselves when they are loaded: no symbol of theirs asks for the library.
target_link_options(miner_torch INTERFACE
    -Wl,--push-state,--no-as-needed,${torch_root}/lib/libtorch_cuda.so,--pop-state)
add_library(miner_cudart SHARED IMPORTED)
set_target_properties(miner_cudart PROPERTIES IMPORTED_LOCATION ${cuda_root}/lib/libcudart.so.13)
target_link_libraries(miner_torch INTERFACE ${torch_root}/lib/libc10_cuda.so miner_cudart)
# cuDNN is libtorch's; what speaks to it are headers of their own (ops/setup.sh).
set(cudnn_frontend ${CMAKE_SOURCE_DIR}/.venv/cudnn-frontend/include)
if(NOT EXISTS ${cudnn_frontend}/cudnn_frontend.h)
    message(FATAL_ERROR "no ${cudnn_frontend}/cudnn_frontend.h: run MINER_CUDA=ON ops/setup.sh")
endif()
target_link_libraries(miner_torch INTERFACE ${torch_site}/nvidia/cudnn/lib/libcudnn.so.9)
