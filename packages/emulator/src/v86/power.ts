/**
 * Power management: the PIIX4's ACPI registers where SeaBIOS expects them, the power button, and the ways a guest switches itself off.
 *
 * ACPI 4.8 (fixed hardware registers).
 */
import type { Acpi, Cpu } from './inside.js';
import { wrapPort } from './inside.js';
import { jsonSection, Values } from './section-values.js';
import type { StateSection } from '../saved-state.js';

/** Where v86 has the registers, and where SeaBIOS tells the guest that they are. */
const PM_BASE = 0xb000;
const SEABIOS_PM_BASE = 0x600;
const PM_LENGTH = 0x10;
const PM1_STATUS = 0;
const PM1_ENABLE = 2;
const PM1_CONTROL = 4;

/** Bits of PM1_STATUS and PM1_ENABLE: timer, global lock, power button, real-time clock. */
const TIMER = 0x0001;
const POWER_BUTTON = 0x0100;
const EVENTS = TIMER | 0x0020 | POWER_BUTTON | 0x0400;
const SCI = 9;

/** General purpose events: two bytes of status, which a 1 clears, and two that enable. */
const GPE = 0xafe0;
const GPE_STATUS_BYTES = 2;
const GPE_BYTES = 4;
/**
 * PCI slots that something was plugged into or pulled from, and that could be: none. CPUs that are there: one.
 * A guest that read all ones from these would see its devices go.
 */
const PCI_HOTPLUG = { from: 0xae00, to: 0xae10 };
const CPUS = { from: 0xaf00, to: 0xaf20 };

const SLEEP_ENABLE = 1 << 13;
/** Sleep types of SeaBIOS's tables: soft off, and suspend to disk, which ends the same way. */
const SOFT_OFF = [0, 2];
/** The top bit of the 24-bit power management timer, whose change is an event. */
const TIMER_TOP = 1 << 23;

/** A guest without ACPI writes this word here, byte by byte, to switch off (Bochs, SeaBIOS's APM). */
const SHUTDOWN_PORT = 0x8900;
const SHUTDOWN = 'Shutdown';

const SECTION = { name: 'power', version: 1 } as const;

export class Power {
  readonly #acpi: Acpi | undefined;
  #word = '';

  /** @param off told when the guest switches itself off */
  constructor(
    private readonly cpu: Cpu,
    private readonly off: () => void,
  ) {
    this.#acpi = cpu.devices.acpi;
    cpu.io.register_write(SHUTDOWN_PORT, this, (byte) => this.#shutdownPort(byte));
    if (this.#acpi) this.#takeOver(this.#acpi);
  }

  /** @throws Error when the machine has no ACPI */
  pressButton(): void {
    if (!this.#acpi) throw new Error('this machine has no power button: switch ACPI on in its settings');
    this.#acpi.pm1_status |= POWER_BUTTON;
    this.#signal(this.#acpi);
  }

  reset(): void {
    this.#word = '';
    if (!this.#acpi) return;
    this.#acpi.pm1_status = 0;
    this.#acpi.pm1_enable = 0;
    this.#acpi.gpe.fill(0);
    this.#signal(this.#acpi);
  }

  save(): StateSection {
    return jsonSection(SECTION.name, SECTION.version, { word: this.#word });
  }

  restore(sections: readonly StateSection[]): void {
    const word = Values.of(sections, SECTION.name, SECTION.version).text('word');
    this.#word = SHUTDOWN.startsWith(word) ? word : '';
  }

  #takeOver(acpi: Acpi): void {
    const { cpu } = this;
    for (const register of [PM1_STATUS, PM1_ENABLE]) {
      wrapPort(cpu, PM_BASE + register, (before) => ({
        write16: (value) => {
          before.write16.call(acpi, value);
          this.#signal(acpi);
        },
      }));
    }
    wrapPort(cpu, PM_BASE + PM1_CONTROL, (before) => ({
      write16: (value) => {
        before.write16.call(acpi, value & ~SLEEP_ENABLE);
        if (value & SLEEP_ENABLE && SOFT_OFF.includes((value >> 10) & 7)) this.off();
      },
    }));
    this.#events(acpi);
    for (let port = 0; port < PM_LENGTH; port++) cpu.io.ports[SEABIOS_PM_BASE + port] = cpu.io.ports[PM_BASE + port]!;
    // v86 lowers the interrupt each time it looks at the timer; it is a level and stays until the guest clears its cause.
    acpi.timer = (now) => {
      const timer = acpi.get_timer(now);
      if ((timer ^ acpi.last_timer) & TIMER_TOP) acpi.pm1_status |= TIMER;
      acpi.last_timer = timer;
      this.#signal(acpi);
      return 100;
    };
  }

  #events(acpi: Acpi): void {
    const { io } = this.cpu;
    for (let byte = 0; byte < GPE_BYTES; byte++) {
      io.register_write(GPE + byte, acpi, (value) => {
        if (byte < GPE_STATUS_BYTES) acpi.gpe[byte]! &= ~value;
        else acpi.gpe[byte] = value;
      });
    }
    for (const { from, to } of [PCI_HOTPLUG, CPUS]) {
      for (let port = from; port < to; port++) {
        const value = (): number => (port === CPUS.from ? 1 : 0);
        io.register_read(port, this, value, value, value);
      }
    }
  }

  #signal(acpi: Acpi): void {
    if (acpi.pm1_status & acpi.pm1_enable & EVENTS) this.cpu.device_raise_irq(SCI);
    else this.cpu.device_lower_irq(SCI);
  }

  #shutdownPort(byte: number): void {
    const word = this.#word + String.fromCharCode(byte);
    this.#word = SHUTDOWN.startsWith(word) ? word : '';
    if (this.#word !== SHUTDOWN) return;
    this.#word = '';
    this.off();
  }
}
