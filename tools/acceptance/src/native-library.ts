/** An authentication library in C, compiled here, that notes what it is told. */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const SOURCE = String.raw`
#include <stdio.h>
#include <string.h>

int AuthEntry3(const char *caller, const unsigned char *uuid, int guest, const char *user, const char *password, const char *domain, int logon, unsigned client)
{
    FILE *notes = fopen(NOTES, "a");
    fprintf(notes, "%s|", caller);
    for (int i = 0; i < 16; i++) fprintf(notes, "%02x", uuid[i]);
    fprintf(notes, "|%d|%s|%s|%s|%d|%u\n", guest, user, password, domain, logon, client);
    fclose(notes);
    return !strcmp(user, USER) && !strcmp(password, PASSWORD);
}
`;

export class NativeLibrary {
  readonly path: string;
  private readonly notes: string;

  /** Why none can be had here; undefined where one can. */
  static unavailable(): string | undefined {
    return spawnSync('cc', ['--version']).error ? 'there is no C compiler (cc)' : undefined;
  }

  /** @param name of its files; @param user the one whom it grants, @param password with this password */
  constructor(folder: string, name: string, user: string, password: string) {
    this.path = join(folder, `${name}.so`);
    this.notes = join(folder, `${name}.notes`);
    const source = join(folder, `${name}.c`);
    writeFileSync(source, SOURCE);
    const texts = Object.entries({ NOTES: this.notes, USER: user, PASSWORD: password }).map(([name, text]) => `-D${name}="${text}"`);
    const { status, stderr } = spawnSync('cc', ['-shared', '-fPIC', ...texts, '-o', this.path, source], { encoding: 'utf8' });
    if (status !== 0) throw new Error(`cc cannot compile ${source}: ${stderr}`);
  }

  /** Each call so far: caller|machine as its GUID lies in memory|guest's judgement|user|password|domain|whether it is a login|client. */
  calls(): string[] {
    try {
      return readFileSync(this.notes, 'utf8').split('\n').slice(0, -1);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []; // it has not been called
      throw error;
    }
  }
}
