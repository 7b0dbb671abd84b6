/**
 * A move as version 1 of the stream says it, after the proof: made once, never to be changed. Whoever changes the format makes a version 2
 * and a stream of its own, and this one is still understood. Raw DEFLATE, base64.
 */
import { inflateRawSync } from 'node:zlib';

const RECORDED = `
7du/axNRHADwd5drTNJAEw22W+PX9QKXxLT1plRBcBBHBxvtJe8lOdLcHffuUmKIZHAsODqKKFhH/4CWCIKrQ0Fx0IIoUhucLBStkXdJaXHVocj3Lfd+fD/f79365V6EMl
5xzTKTJEI6YFLQQcvm8hcKc/MLF41yhbLqn2tQYaQcz7Qt0DvArJppMTGzjCYDHapGg4EKLebyIASy0FWharrNVcMNAsumzUUtTRzUDZceHlQcn4OeVYG6Zotx0G92gK/Y
HuhgUqZlNFChYVriReuUQrckEjPD890gGKqODypwznJQUoFbhsPrtsdB11Rosqbtti+1PRGaz83PLXRV8OwGswQtdSeZ4a60M9wzPJYnhEjONCGD14tJQuJyenD7XerHbl
qOhuMz2nK/J4WOTZamUqHw+6l4dJSCWVQhhAgfHlWdTpPRkEViifzdQI8ePXr06NGjR48ePXr06NGffC+jR48ePXr06NGjR48ePXr06P97r4xzBHkmXNu3aGTcVhBb438G
roqt0wlCBlvZGEnH+/3UqeGwkvy5eOXjk8sPzrd60ttvua+bL81b29L+p5qy8+rL9+HO07trxYOZjb3rB1v3k+uzj9/82t94GDqqIo8rhR3D54ySo4KxxLFjSfkHH4kePX
r06NGjR48ePXr06NGjP9k+FlyEyHDzDju8zDARbBVEdyAa9CWeR4kWD71Y3ZvVr7W0e2fWzy49eva5cK64fGM7IskfJnc313xZiSTSxV6xpFDbCnIFjY6aLaqEym0mnr8B`;

export const streamVersion1 = (): Uint8Array => inflateRawSync(Buffer.from(RECORDED, 'base64'));
