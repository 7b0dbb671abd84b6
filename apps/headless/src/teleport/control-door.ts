/** The control socket of a process whose machine is not there yet: who answers changes, the connections stay. */
import { checkParams, type ControlHandlers, type ControlServer, serveControl } from '@belvedere/control';

export interface ControlDoor extends ControlServer {
  /** From now on these answer. */
  answer(handlers: ControlHandlers): void;
}

export async function openControlDoor(path: string, first: ControlHandlers): Promise<ControlDoor> {
  const handlers: { -readonly [Method in keyof ControlHandlers]: ControlHandlers[Method] } = { ...first };
  const server = await serveControl(path, handlers, checkParams);
  return {
    answer: (next) => void Object.assign(handlers, next),
    emit: (event, data) => server.emit(event, data),
    get peers() {
      return server.peers;
    },
    close: () => server.close(),
  };
}
