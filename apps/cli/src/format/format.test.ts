import { describe, expect, test } from '@jest/globals';
import { disk, machine, NOW, properties, running, UUID, watched, windowsXp } from '../test/fixtures.js';
import { duration, quoted, sessionTime } from './lines.js';
import { formatMachineReadable } from './machine-readable.js';
import { formatMachineLine } from './machine-line.js';
import { formatMachine } from './machine.js';
import { formatMedium } from './medium.js';
import { formatOsType } from './ostype.js';
import { formatSystemProperties } from './system-properties.js';

describe('a machine for programs', () => {
  test('that is off', () => {
    expect(formatMachineReadable(machine, 'Windows XP (32-bit)')).toBe(`name="Windows XP"
groups="/"
ostype="Windows XP (32-bit)"
UUID="${UUID}"
CfgFile="/srv/machines/Windows XP/Windows XP.vbox"
LogFldr="/srv/machines/Windows XP/Logs"
hardwareuuid="${UUID}"
memory=256
vram=16
chipset="piix3"
firmware="BIOS"
cpus=1
cpuid-portability-level=0
rtcuseutc="off"
boot1="dvd"
boot2="floppy"
boot3="disk"
boot4="none"
acpi="on"
teleporterenabled="off"
teleporterport=0
teleporteraddress=""
monitorcount=1
VMState="poweroff"
VMStateChangeTime="2026-11-25T01:02:03.456000000"
storagecontrollername0="IDE Controller"
storagecontrollertype0="PIIX4"
storagecontrollerinstance0="0"
storagecontrollermaxportcount0="2"
storagecontrollerportcount0="2"
storagecontrollerbootable0="on"
storagecontrollername1="Floppy"
storagecontrollertype1="I82078"
storagecontrollerinstance1="0"
storagecontrollermaxportcount1="1"
storagecontrollerportcount1="1"
storagecontrollerbootable1="on"
"IDE Controller-0-0"="/home/u/WinXP.vdi"
"IDE Controller-ImageUUID-0-0"="b2a1c0de-0000-4000-8000-000000000002"
"IDE Controller-0-1"="emptydrive"
"IDE Controller-1-0"="none"
"IDE Controller-1-1"="none"
"Floppy-0-0"="none"
"Floppy-0-1"="none"
natnet1="nat"
macaddress1="080027A1B2C3"
cableconnected1="on"
nic1="nat"
nictype1="NE2000"
nicspeed1="0"
Forwarding(0)="ssh,tcp,127.0.0.1,2222,,22"
Forwarding(1)="web,udp,,80,10.0.2.15,8080"
nic2="none"
uart1="0x03f8,4"
uartmode1="server,/tmp/com1"
uart2="off"
audio="none"
clipboard="disabled"
vrde="on"
vrdeport=-1
vrdeports="5000,5010-5012"
vrdeaddress=""
vrdeauthtype="null"
vrdemulticon="off"
vrdereusecon="off"
vrdevideochannel="off"
vrdeproperty[TCP/Ports]="5000,5010-5012"
vrdeproperty[Client/DisableInput]=<not set>
usb="off"
ehci="off"
xhci="off"
GuestMemoryBalloon=0
`);
  });

  test('that runs: the port in use, the screens and who watches', () => {
    const text = formatMachineReadable(watched, 'Windows XP (32-bit)');
    expect(text).toContain('VMState="running"\n');
    expect(text).toContain('vrdeport=5011\n');
    expect(text).toContain('VideoMode="720,400,32"@0,0 1\n');
    expect(text).toContain('VRDEActiveConnection="on"\nVRDEClients=3\nVRDEStartTime="2026-11-25T01:10:00.000000000"\n');
    expect(text).toContain('VRDEUserName="john"\nVRDEDomain="HOME"\n');
    expect(formatMachineReadable(running, '')).toContain('VRDEActiveConnection="off"\nVRDEClients=0\n');
  });

  test('whose remote display is off, or whose texts have quotes', () => {
    const { vrde } = machine;
    expect(formatMachineReadable({ ...machine, vrde: { ...vrde, enabled: false } }, '')).toMatch(/\nvrde="off"\nusb/);
    expect(formatMachineReadable({ ...machine, name: 'a "b" \\c', description: 'say "x"\ny' }, '')).toContain('name="a \\"b\\" \\\\c"\n');
    expect(formatMachineReadable({ ...machine, vrde: { ...vrde, videoChannel: true } }, '')).toContain('vrdevideochannel="on"\nvrdevideochannelquality="75"\n');
  });
});

describe('a machine for people', () => {
  test('that is off', () => {
    expect(formatMachine(machine, 'Windows XP (32-bit)', NOW)).toBe(`Name:                        Windows XP
Groups:                      /
Guest OS:                    Windows XP (32-bit)
UUID:                        ${UUID}
Config file:                 /srv/machines/Windows XP/Windows XP.vbox
Log folder:                  /srv/machines/Windows XP/Logs
Hardware UUID:               ${UUID}
Memory size:                 256MB
VRAM size:                   16MB
Number of CPUs:              1
Chipset:                     piix3
Firmware:                    BIOS
Boot Device 1:               DVD
Boot Device 2:               Floppy
Boot Device 3:               HardDisk
Boot Device 4:               Not Assigned
ACPI:                        on
CPUID Portability Level:     0
RTC:                         local time
State:                       powered off (since 2026-11-25T01:02:03.456000000)
Teleporting:                 disabled
Monitor count:               1
Storage Controllers:
#0: 'IDE Controller', Type: PIIX4, Instance: 0, Ports: 2 (max 2), Bootable
  Port 0, Unit 0: UUID: b2a1c0de-0000-4000-8000-000000000002
    Location: "/home/u/WinXP.vdi"
  Port 0, Unit 1: Empty
#1: 'Floppy', Type: I82078, Instance: 0, Ports: 1 (max 1), Bootable
NIC 1:                       MAC: 080027A1B2C3, Attachment: NAT, Cable connected: on, Type: NE2000, Reported speed: 0 Mbps
NIC 1 Rule(0):   name = ssh, protocol = tcp, host ip = 127.0.0.1, host port = 2222, guest ip = , guest port = 22
NIC 1 Rule(1):   name = web, protocol = udp, host ip = , host port = 80, guest ip = 10.0.2.15, guest port = 8080
NIC 2:                       disabled
UART 1:                      I/O base: 0x03f8, IRQ: 4, attached to pipe (server) '/tmp/com1'
UART 2:                      disabled
Audio:                       disabled
Clipboard Mode:              disabled
VRDE:                        enabled (Address 0.0.0.0, Ports 5000,5010-5012, MultiConn: off, ReuseSingleConn: off, Authentication type: null)
Video redirection:           disabled
VRDE property               : TCP/Ports  = "5000,5010-5012"
VRDE property               : Client/DisableInput = <not set>
VRDE channels:               none: audio, upstream audio, clipboard, USB and device redirection are not there yet; their switches are kept
OHCI USB:                    disabled
EHCI USB:                    disabled
xHCI USB:                    disabled

Guest memory balloon size:   0MB

`);
  });

  test('whose logins a library judges', () => {
    const judged = (authLibrary: string | null) => ({ ...machine, vrde: { ...machine.vrde, authType: 'external' as const, authLibrary } });
    // VirtualBox prints the type for people, and no line for the library.
    expect(formatMachine(judged('VBoxAuthSimple'), '', NOW)).toContain('Authentication type: external)\nVideo redirection:');
    expect(formatMachineReadable(judged('/a/b.so'), '')).toContain('vrdeauthtype="external"\nvrdeauthlibrary="/a/b.so"\n');
    expect(formatMachineReadable(judged(null), '')).toContain('vrdeauthlibrary="default"\n');
  });

  test('that runs, with nobody watching', () => {
    const text = formatMachine({ ...running, run: { ...running.run!, vrde: { ...running.run!.vrde, lastStart: '2026-11-25T01:00:00Z', lastEnd: '2026-11-25T01:05:00Z' } } }, '', NOW);
    expect(text).toContain('VRDE port:                   5011\n');
    expect(text).toContain('Video mode:                  720x400x32 at 0,0 enabled\n');
    expect(text).toContain(`VRDE Connection:             not active
Clients so far:              0
Last started:                2026/11/25 01:00:00 UTC
Last ended:                  2026/11/25 01:05:00 UTC
`);
  });

  test('that is watched', () => {
    expect(formatMachine(watched, '', NOW)).toContain(`VRDE Connection:             active
Clients so far:              3
Start time:                  2026/11/25 01:10:00 UTC
Duration:                    00:00:10
Sent:                        5000 Bytes
Average speed:               500 B/s
Received:                    120 Bytes
Average speed:               12 B/s
User name:                   john
Domain:                      HOME
Client name:                 desk
Client IP:                   192.0.2.7
Client version:              2600
Encryption:                  TLS
Dropped:                     12 of input, 1 of clipboard
`);
  });

  test('whose viewers may not do everything', () => {
    const properties = { 'Client/DisableDisplay': '1', 'Client/DisableInput': '0', 'Client/DisableUSB': null };
    const switched = { ...machine, vrde: { ...machine.vrde, properties } };
    expect(formatMachine(switched, '', NOW)).toContain(
      'VRDE property               : Client/DisableDisplay = "1"\nVRDE property               : Client/DisableInput = "0"\nVRDE property               : Client/DisableUSB = <not set>\n',
    );
    expect(formatMachineReadable(switched, '')).toContain(
      'vrdeproperty[Client/DisableDisplay]="1"\nvrdeproperty[Client/DisableInput]="0"\nvrdeproperty[Client/DisableUSB]=<not set>\n',
    );
  });

  test('that has something to say', () => {
    const text = formatMachine({ ...machine, state: 'aborted', stateReason: 'the engine trapped', description: 'ours', notices: ['adapter 1 has no network'] }, '', NOW);
    expect(text).toContain('State:                       aborted (since 2026-11-25T01:02:03.456000000)\nState reason:                the engine trapped\n');
    expect(text).toContain('Notice:                      adapter 1 has no network\nDescription:\nours\n');
  });

  test('in a list', () => expect(formatMachineLine(machine)).toBe(`"Windows XP" {${UUID}}\n`));
});

test('a disk image', () => {
  expect(formatMedium(disk, false)).toBe(`UUID:           b2a1c0de-0000-4000-8000-000000000002
Parent UUID:    base
State:          created
Type:           normal (base)
Location:       /home/u/WinXP.vdi
Storage format: VDI
Format variant: dynamic default
Capacity:       10000 MBytes
Encryption:     disabled
In use by VMs:  Windows XP (UUID: ${UUID})
`);
  const long = formatMedium({ ...disk, usedBy: [], accessible: false, problem: 'no such file' }, true);
  expect(long).toContain('State:          inaccessible\nAccess Error:   no such file\n');
  expect(long).toContain('Size on disk:   2 MBytes\n');
  expect(formatMedium({ ...disk, type: 'dvd', format: 'RAW', usedBy: [] }, false)).toBe(`UUID:           b2a1c0de-0000-4000-8000-000000000002
State:          created
Type:           readonly
Location:       /home/u/WinXP.vdi
Storage format: RAW
Capacity:       10000 MBytes
`);
});

test('a system type', () => {
  expect(formatOsType(windowsXp)).toBe(`ID:          WindowsXP
Description: Windows XP (32-bit)
Family ID:   Windows
Family Desc: Microsoft Windows
64 bit:      false
`);
});

test("the host's settings, where Vagrant and Packer look for the machine folder", () => {
  const text = formatSystemProperties(properties);
  expect(/^Default machine folder:\s+(.+?)$/m.exec(text)?.[1]).toBe('/srv/my machines');
  expect(text).toContain('Minimum guest RAM size:               4 Megabytes\n');
  expect(text).toContain('VRDE auth library:                    VBoxAuth\nWebservice auth. library:             VBoxAuthSimple\nRemote');
  const anyone = formatSystemProperties({ ...properties, webServiceAuthLibrary: 'null' });
  expect(anyone).toContain("Webservice auth. library:             null\nWebservice auth. notice:              anyone who reaches the HTTP API's port may log in and command\n");
  expect(formatSystemProperties({ ...properties, webServiceAuthLibrary: null })).toContain("Webservice auth. library:             \nWebservice auth. notice:              nobody may log in");
});

test('times and quotes', () => {
  expect(duration(90_061_000)).toBe('1d 01:01:01');
  expect(duration(-5)).toBe('00:00:00');
  expect(sessionTime('2026-11-25T01:10:00Z')).toBe('2026/11/25 01:10:00 UTC');
  expect(quoted('a"b\\')).toBe('"a\\"b\\\\"');
});
