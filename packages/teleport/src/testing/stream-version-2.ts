/**
 * A move as version 2 of the stream says it, after the proof: made once, never to be changed. Whoever changes the format makes a version 3
 * and a stream of its own, and this one is still understood. Raw DEFLATE, base64.
 */
import { inflateRawSync } from 'node:zlib';

const RECORDED = `
7dvBa9NQGADwl7SrbRdYq8Xttvp5TSFt7TZz6hQED+LRg6suTV670DYJeUlHLZUePA48ehRRcB79AzYqCF49DBQPOhRF5oonB0Nn5aWdK171MOR7l7y89/2+7+X6kRc1KNNd
s0wFgZA2mAaooGRz+XOFufmF81pZN2jlz3eQYagcz7QtUNtArappUT6ztAYFFSpajYIMTeqyIASy0JGhYrqNVc0NAsumzXgthW+saK5xuKE7PgM1K4Phmk3KQL3eBla3PVDB
NKiSUUCGmmnxg64YBnRKPDHVPN8NgqHi+CADYzQHJRmYpTlsxfYYqIoMDdqw3daFlsdD87n5uYWODJ5doxanpc4k1dx6K8M8zaN5QojgTBPSf7mYJEQS0/2bb1Lfd9NiLCLN
KMu9rhAamyxNpUKRt1NSbJiCWkaYEML9hF639RohhESG9afTZDhEXkIgfzfQo0ePHj169OjRo0ePHj169Mffi+jRo0ePHj169OjRo0ePHj36/96HRzmCPBOu7VtGdNRWEI/+
GbjMl04mCOlvZeMkLfV6qRODgZ78sXjpw6OL9842u8Lrr7kvm8/NG9vC/sdqeOfF52+Dnce314oHMxt7Vw+27ibXZx+++rm/cT90VEUcVYo4ms+oIY2dq/heOCweT4yFCuF/
8MHo0aNHjx49evTo0aNHjx49+uPt48H1iAwzb9HfVxyCpQLvDsSCHsXTGFGk0LPVvVn1SlO5c2r99NKDJ58KZ4rL17ajgvhucndzzRfD0US62C2WwoZtBbmCpkfV5lVC5Rbl
z18=`;

export const streamVersion2 = (): Uint8Array => inflateRawSync(Buffer.from(RECORDED, 'base64'));
