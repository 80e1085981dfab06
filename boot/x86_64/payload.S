/* SPDX-License-Identifier: BSD-2-Clause */
/* The kernel file inside the loader. PAYLOAD_FILE and PAYLOAD_UNPACKED_SIZE come from the build; a
   size of 0 says the file is stored, not compressed. */
        .section .payload, "a"
        .globl payload_begin, payload_end, payload_unpacked_size
        .balign 4096
payload_begin:
        .incbin PAYLOAD_FILE
payload_end:
        .balign 8
payload_unpacked_size:
        .quad PAYLOAD_UNPACKED_SIZE
        .section .note.GNU-stack, "", @progbits
