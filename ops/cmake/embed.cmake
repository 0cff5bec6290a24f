# miner_embed(TARGET SYMBOL FILES...): puts files into the target as bytes. In C++:
#   struct EmbeddedFile { const char* name; const unsigned char* data; std::uint64_t size; };
#   extern "C" const EmbeddedFile SYMBOL[]; extern "C" const std::uint64_t SYMBOL_count;
# `name` is the file's name without its folder. The assembler copies the bytes: quick, whatever their size.
function(miner_embed target symbol)
    set(assembly ${CMAKE_CURRENT_BINARY_DIR}/${symbol}.S)
    set(data "")
    set(table "")
    set(index 0)
    foreach(file IN LISTS ARGN)
        get_filename_component(name ${file} NAME)
        string(APPEND data "n${index}: .asciz \"${name}\"\n.balign 16\nb${index}: .incbin \"${file}\"\ne${index}:\n")
        string(APPEND table ".quad n${index}, b${index}, e${index} - b${index}\n")
        math(EXPR index "${index} + 1")
    endforeach()
    set(text ".section .rodata\n${data}.balign 8\n.global ${symbol}_count\n${symbol}_count: .quad ${index}\n")
    string(APPEND text ".section .data.rel.ro,\"aw\"\n.balign 8\n.global ${symbol}\n${symbol}:\n${table}")
    string(APPEND text ".section .note.GNU-stack,\"\",@progbits\n")
    file(CONFIGURE OUTPUT ${assembly} CONTENT "${text}" @ONLY)
    set_source_files_properties(${assembly} PROPERTIES OBJECT_DEPENDS "${ARGN}")
    target_sources(${target} PRIVATE ${assembly})
endfunction()
