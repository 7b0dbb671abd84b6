/**
 * Code page 437, the characters of a PC's own font. Pure.
 */
const LOW = '\u0020☺☻♥♦♣♠•◘○◙♂♀♪♫☼►◄↕‼¶§▬↨↑↓→←∟↔▲▼';
const HIGH =
  'ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u00a0';

/** The characters of a row of text; a NUL is a blank, as on the screen. */
export function cp437(codes: Uint8Array): string {
  let text = '';
  for (const code of codes) text += code < 0x20 ? LOW[code] : code < 0x7f ? String.fromCharCode(code) : code === 0x7f ? '⌂' : HIGH[code - 0x80];
  return text;
}
