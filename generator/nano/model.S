// The embedded model's files as they are, and a table of them: name, begin, end. CMake lists the same files as what
// this object is made of.

    .section .data.rel.ro, "aw"
    .balign 8
    .globl miner_embedded_begin
miner_embedded_begin:

    .macro embed path
    .section .rodata.miner_embedded, "a"
    .balign 64
1:  .incbin "\path"
2:  .byte 0
3:  .asciz "\path"
    .section .data.rel.ro, "aw"
    .quad 3b, 1b, 2b
    .endm

    embed pipeline.json
    embed text_pipeline.json
    embed ckpts/clip_nano.json
    embed ckpts/clip_nano.safetensors
    embed ckpts/dinov2_nano_reg.json
    embed ckpts/dinov2_nano_reg.safetensors
    embed ckpts/judge.json
    embed ckpts/judge.safetensors
    embed ckpts/slat_dec_gs.json
    embed ckpts/slat_dec_gs.safetensors
    embed ckpts/slat_flow.json
    embed ckpts/slat_flow.safetensors
    embed ckpts/ss_dec.json
    embed ckpts/ss_dec.safetensors
    embed ckpts/ss_flow.json
    embed ckpts/ss_flow.safetensors
    embed tokenizer/merges.txt
    embed tokenizer/vocab.json

    .section .data.rel.ro, "aw"
    .globl miner_embedded_end
miner_embedded_end:

    .section .note.GNU-stack, "", %progbits
