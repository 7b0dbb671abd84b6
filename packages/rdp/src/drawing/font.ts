/**
 * The letters of what this server draws itself: a bitmap font of five by nine pixels. Pure; a table.
 *
 * A glyph is nine digits of base 32, one a row from the top, whose highest bit is the leftmost pixel. Capitals stand on the seventh row.
 */
export const GLYPH = { width: 5, height: 9, advance: 6 } as const;

/** Space to tilde. */
const ASCII = [
  '000000000 444440400 aaa000000 aavavaa00 4fke5u400 op248j300 8kk8lid00 448000000',
  '248884200 842224800 04lel4000 044v44000 00000c480 000v00000 00000cc00 01248g000',
  'ehjlphe00 4c4444e00 eh1248v00 v2421he00 26aiv2200 vgu11he00 68guhhe00 v12488800',
  'ehhehhe00 ehhf12c00 0cc0cc000 0cc0c4800 248g84200 00v0v0000 842124800 eh1240400',
  'eh1dlle00 ehhhvhh00 uhhuhhu00 ehggghe00 sihhhis00 vgguggv00 vgguggg00 ehgnhhf00',
  'hhhvhhh00 e44444e00 72222ic00 hikokih00 ggggggv00 hrllhhh00 hhpljhh00 ehhhhhe00',
  'uhhuggg00 ehhhlid00 uhhukih00 fgge11u00 v44444400 hhhhhhe00 hhhhha400 hhhllla00',
  'hha4ahh00 hhha44400 v1248gv00 e88888e00 0g8421000 e22222e00 4ah000000 0000000v0',
  '842000000 00e1fhf00 ggmphhu00 00egghe00 11djhhf00 00ehvge00 698s88800 00fhhhf1e',
  'ggmphhh00 40c444e00 2062222ic ggikoki00 c44444e00 00qllhh00 00mphhh00 00ehhhe00',
  '00uhhhugg 00fhhhf11 00mpggg00 00fge1u00 88s889600 00hhhjd00 00hhha400 00hhlla00',
  '00ha4ah00 00hhhhf1e 00v248v00 244844200 444444400 844244800 008l20000',
]
  .join(' ')
  .split(' ');

/** What hides a character of a password. */
export const DOT = '\u2022';
const DOT_GLYPH = '00evvve00';
/** Stands for characters that the font lacks. */
const UNKNOWN = 'vhhhhhv00';

const FIRST = 0x20;
const parse = (rows: string): readonly number[] => [...rows].map((digit) => parseInt(digit, 32));
const GLYPHS = ASCII.map(parse);
const SPECIAL = new Map([[DOT, parse(DOT_GLYPH)]]);
const unknown = parse(UNKNOWN);

/** Rows of a character's glyph; the highest of five bits is the leftmost pixel. Of a letter with an accent, the letter. */
export function glyph(character: string): readonly number[] {
  const bare = character.normalize('NFD').charAt(0);
  return SPECIAL.get(character) ?? GLYPHS[bare.charCodeAt(0) - FIRST] ?? unknown;
}
