; The test card: a bootable image that shows known pictures and tells what the machine does to it.
; The protocol it speaks on COM1 is described in PROTOCOL.md; the pictures are computed a second time in ../src/picture.ts and ../src/text.ts.
;
; Layout: a boot sector that loads the rest behind itself, then a 32-bit program that calls the BIOS through a real-mode thunk.
; The same file boots from a floppy, a hard disk (no partition table needed) and, loaded whole by the firmware, from a CD.
;
; Memory: 0x01000 VBE blocks and the disk buffer, 0x07c00 this program, 0x10000 rings and buffers, 0x30000 the 8x16 font, stack below 0x90000, work.inc from 16 MiB on.

        cpu     686
        org     0x7c00

VBE_INFO        equ 0x1000              ; VbeInfoBlock, 512 bytes
VBE_MODE        equ 0x1200              ; ModeInfoBlock, 256 bytes
DISK_BUFFER     equ 0x1400              ; one sector
DISK_PACKET     equ 0x1600              ; INT 13h disk address packet
REAL_STACK      equ 0x7c00
RX_RING         equ 0x11000             ; received serial bytes, 4 KiB
EVENT_RING      equ 0x12000             ; (kind, byte) pairs, 4 KiB
COLUMNS         equ 0x14000             ; u of each column of the first screen, a byte each
LINE            equ 0x16000             ; the command line being received
IDT             equ 0x17000
MORE_COLUMNS    equ 0x1b000             ; the same of the further screens, 4 KiB each
BENCH_TABLE     equ 0x18000             ; CRC-32 table, 1 KiB
BENCH_DATA      equ 0x20000             ; 64 KiB
FONT            equ 0x30000             ; 256 glyphs of 16 bytes
PROTECTED_STACK equ 0x90000

RING_MASK       equ 0xfff
LINE_MAX        equ 200
CODE32          equ 0x08
DATA32          equ 0x10
CODE16          equ 0x18
DATA16          equ 0x20

%include "boot.inc"
%include "bios.inc"
%include "interrupts.inc"
%include "serial.inc"
%include "ps2.inc"
%include "video.inc"
%include "screens.inc"
%include "picture.inc"
%include "text.inc"
%include "draw.inc"
%include "pointer.inc"
%include "commands.inc"
%include "disk.inc"
%include "work.inc"
%include "power.inc"
%include "data.inc"

image_end:
SECTORS         equ (image_end - start + 511) / 512
%if image_end - start > 0x8000
%error "the program must end below 0xfc00, inside the first segment"
%endif
