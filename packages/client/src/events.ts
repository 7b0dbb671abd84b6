/** Server-sent events (the HTML standard's `text/event-stream`), as far as JSON data needs them. */

/** Longest event that is read, in bytes. */
const EVENT_LIMIT = 1 << 20;

/**
 * Yields the data of each event, parsed as JSON; comments and other fields pass by.
 * @throws when an event is longer than 1 MiB or its data is no JSON
 */
export async function* readEvents(stream: AsyncIterable<Uint8Array>): AsyncGenerator<unknown, void, undefined> {
  const decoder = new TextDecoder();
  let pending = '';
  let data: string[] = [];
  let length = 0;
  for await (const chunk of stream) {
    pending += decoder.decode(chunk, { stream: true });
    const lines = pending.split(/\r\n|\n|\r(?!$)/);
    pending = lines.pop() ?? '';
    for (const line of lines) {
      length += line.length;
      if (line.startsWith('data:')) data.push(line.slice(line[5] === ' ' ? 6 : 5));
      if (line === '') {
        if (data.length > 0) yield JSON.parse(data.join('\n'));
        data = [];
        length = 0;
      }
    }
    if (pending.length + length > EVENT_LIMIT) throw new Error(`an event of the API is longer than ${EVENT_LIMIT} bytes`);
  }
}
