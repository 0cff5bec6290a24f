# `cmake --install FOLDER --component miner --prefix PREFIX`: the program as ops/package.sh packs it. PREFIX may be moved
# afterwards: bin/miner finds its libraries in lib/ beside bin/, every one that it loads but glibc's.
if(NOT MINER_TORCH)
    return()
endif()

# Program and networks once more, linked for that place: a path of the build tree in it, even one that is replaced later, would make
# each folder's program another one. DT_RPATH, and not DT_RUNPATH: it holds for what the libraries load in turn, of which most
# name no place of their own, and a LD_LIBRARY_PATH, which CUDA's images set, cannot mix another CUDA's libraries in.
add_executable(miner_installed miner/main.cpp)
target_link_libraries(miner_installed PRIVATE miner_core)
set_target_properties(miner_installed PROPERTIES BUILD_WITH_INSTALL_RPATH ON INSTALL_RPATH "$ORIGIN/../lib")
target_link_options(miner_installed PRIVATE -Wl,--disable-new-dtags -Wl,--build-id=none)
miner_network_library(miner_networks_installed generator/trellis/network_library.cpp)
target_link_libraries(miner_networks_installed PRIVATE miner_generator)
set_target_properties(miner_networks_installed PROPERTIES BUILD_WITH_INSTALL_RPATH ON INSTALL_RPATH "$ORIGIN"
                                                          LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/installed)
target_link_options(miner_networks_installed PRIVATE -Wl,--disable-new-dtags -Wl,--build-id=none)
add_dependencies(miner_installed miner_networks_installed)

install(PROGRAMS $<TARGET_FILE:miner_installed> DESTINATION bin RENAME miner COMPONENT miner)
install(FILES LICENSE THIRD_PARTY_NOTICES.md CHANGELOG.md README.md DESTINATION share/doc/miner COMPONENT miner)
install(DIRECTORY ops/docs/ DESTINATION share/doc/miner/ops/docs COMPONENT miner)
install(FILES ops/systemd/miner.service DESTINATION share/miner/systemd COMPONENT miner)
install(FILES ops/logrotate/miner DESTINATION share/miner/logrotate COMPONENT miner)
install(FILES ops/monitoring/alerts.yml ops/monitoring/grafana.json DESTINATION share/miner/monitoring COMPONENT miner)
install(DIRECTORY ops/kubernetes/ DESTINATION share/miner/kubernetes COMPONENT miner FILES_MATCHING PATTERN "*.yaml"
        PATTERN schemas EXCLUDE)

# Opened by name, so that no list of dependencies has them: cuDNN's parts, and the compiler of kernels at run time, which cuDNN
# and libtorch use.
set(opened "")
if(MINER_CUDA)
    file(GLOB opened ${torch_root}/lib/libcaffe2_nvrtc.so ${torch_site}/nvidia/cudnn/lib/libcudnn_*.so.9
         ${torch_site}/nvidia/cu13/lib/libnvrtc.so.13 ${torch_site}/nvidia/cu13/lib/libnvrtc-builtins.so.13.*)
endif()
install(CODE "execute_process(COMMAND \"${CMAKE_SOURCE_DIR}/ops/bundle.sh\" \"$<TARGET_FILE:miner>\" \"$<TARGET_FILE:miner_networks>\"
    \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}\" ${opened} COMMAND_ERROR_IS_FATAL ANY)" COMPONENT miner)
# After bundle.sh, which begins with an empty lib/.
install(FILES $<TARGET_FILE:miner_networks_installed> DESTINATION lib COMPONENT miner)
