/* The bytecode, as the build has laid it beside this file (-DPROGRAM_FILE="..."). */
  .section .rodata
  .global program_start
  .global program_end
  .balign 16
program_start:
  .incbin PROGRAM_FILE
program_end:
  .byte 0
  .section .note.GNU-stack,"",%progbits
