; A program for the small Linux: writes numbered, checksummed blocks to a disk and acknowledges them once fsync has returned.
;   writer DISK NUMBER
; From NUMBER on, four blocks at a time: fills them (see src/blocks.ts, which computes the same), writes each at its place, calls fsync, then prints the last
; number and a line feed. Ends with 0 after the last block of the disk, with 1 when a call fails. i386, Linux' own calls, no library.
bits 32
org 0x08048000

BLOCK      equ 4096
WORDS      equ BLOCK / 4
BLOCKS     equ 65536                    ; of a disk
SPREAD     equ 40503                    ; odd: number * SPREAD visits each place once
TOGETHER   equ 4
MEMORY     equ 0x3000

SYS_exit     equ 1
SYS_write    equ 4
SYS_open     equ 5
SYS_fsync    equ 118
SYS_pwrite64 equ 181
O_WRONLY     equ 1

header:
  db 0x7f, 'ELF', 1, 1, 1, 0
  times 8 db 0
  dw 2, 3                               ; executable, i386
  dd 1, start, loaded - header, 0, 0
  dw 52, 32, 1, 0, 0, 0
loaded:
  dd 1, 0, header, header, file_end - header, MEMORY, 7, 0x1000

start:
  mov eax, SYS_open
  mov ebx, [esp + 8]                    ; argv[1]
  mov ecx, O_WRONLY
  xor edx, edx
  int 0x80
  test eax, eax
  js fail
  mov [disk], eax

  mov ecx, [esp + 12]                   ; argv[2], decimal
  xor esi, esi
.digit:
  movzx eax, byte [ecx]
  test al, al
  jz .read
  imul esi, esi, 10
  lea esi, [esi + eax - '0']
  inc ecx
  jmp .digit
.read:
  mov [number], esi

group:
  mov dword [left], TOGETHER
.block:
  cmp dword [number], BLOCKS
  jae done
  call fill
  mov eax, [number]
  imul eax, eax, SPREAD
  and eax, BLOCKS - 1
  shl eax, 12
  mov esi, eax                          ; the low half of the offset
  xor edi, edi
  mov eax, SYS_pwrite64
  mov ebx, [disk]
  mov ecx, buffer
  mov edx, BLOCK
  int 0x80
  cmp eax, BLOCK
  jne fail
  inc dword [number]
  dec dword [left]
  jnz .block

  call flush
  mov eax, [number]
  dec eax
  call print
  jmp group

done:
  call flush
  xor ebx, ebx
  jmp exit
fail:
  mov ebx, 1
exit:
  mov eax, SYS_exit
  int 0x80

flush:
  mov eax, SYS_fsync
  mov ebx, [disk]
  int 0x80
  test eax, eax
  jnz fail
  ret

; The block: its number, a sequence that the number begins, and the checksum of all before it.
fill:
  mov edi, buffer
  mov eax, [number]
  stosd
  imul eax, eax, 2654435761
  mov ecx, WORDS - 2
.word:
  imul eax, eax, 1664525
  add eax, 1013904223
  stosd
  loop .word
  mov esi, buffer
  mov edx, 2166136261
  mov ecx, WORDS - 1
.sum:
  lodsd
  xor edx, eax
  imul edx, edx, 16777619
  loop .sum
  mov [edi], edx
  ret

; Prints EAX and a line feed.
print:
  mov edi, text_end - 1
  mov byte [edi], 10
  mov ebx, 10
.digit:
  xor edx, edx
  div ebx
  add dl, '0'
  dec edi
  mov [edi], dl
  test eax, eax
  jnz .digit
  mov ecx, edi
  mov edx, text_end
  sub edx, edi
  mov ebx, 1
  mov eax, SYS_write
  int 0x80
  cmp eax, edx
  jne fail
  ret

file_end:

; After the file's one page
buffer   equ header + 0x1000
disk     equ buffer + BLOCK
number   equ disk + 4
left     equ number + 4
text_end equ left + 4 + 12
