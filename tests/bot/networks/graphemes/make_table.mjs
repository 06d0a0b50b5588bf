// Prints strings and how many graphemes the counter of Bluesky's servers (Intl.Segmenter) finds in each, a line
// each: the code points in hex, a tab, the number.
//
//     node make_table.mjs > table.tsv                          # the table that the test reads
//     node make_table.mjs 60000 1 | python -m tests.bot.networks.graphemes.compare
//
// Arguments: how many random strings (default 1500), the seed (default 1). Made with Node 20.20.2 (Unicode 17).
const count = Number(process.argv[2] ?? 1500);
let state = Number(process.argv[3] ?? 1);

const words = [
  '', 'a', 'hello', 'é', 'é', '\r\n', '\n\r', 'a\r\nb', '日本語', 'ガ', 'パ',
  'অ্যাপ', 'অ্যাকাউন্ট', 'অ্যাপ অ্যাপ', 'ক্ষ', 'ক্ষমা', 'র‍্যাব', 'বাংলা', 'এন্‌টার',
  'എൻ്റെ', 'നിൻ്റെ', 'അവൻ്റെ', 'ക്ഷ', 'മലയാളം', 'സ്ത്രീ', 'ന്‍റെ',
  'ଓ୍ୱାର', 'ଓଡ଼ିଆ', 'କ୍ଷ', 'ସ୍ୱ', 'ଅ୍ୟା',
  'क्षत्रिय', 'हिन्दी', 'ज्ञ', 'श्री', 'क्‍ष', 'क्‌ष', 'अ्क', 'ड़', 'ड़', 'ऋ्ष', '्क', 'a्क', ' ्क', '👍्क',
  'ક્ષ', 'ગુજરાતી', 'తెలుగు', 'క్ష', 'తెఱ్ఱ', 'ಕನ್ನಡ', 'தமிழ்', 'க்ஷ', 'ਪੰਜਾਬੀ', 'සිංහල', 'ක්‍ෂ', 'ශ්‍රී',
  'ខ្មែរ', 'ស្ត្រី', 'មិនបាន', 'မြန်မာ', 'ကျွန်တော်', 'ᬅᬓ᭄ᬱᬭ', 'ᬩᬮᬶ', 'ไทย', 'น้ำ', 'ກຳ', 'བོད་', 'རྒྱ',
  '한국어', '한국', '각', '가가', 'ᄀᄀ', 'ힰힱ',
  '👍', '👍🏽', '👨‍👩‍👧‍👦', '👩🏽‍🚀', '🏳️‍🌈', '❤️‍🔥', '🏴󠁧󠁢󠁥󠁮󠁧󠁿', '🇩🇪', '🇩🇪🇯🇵', '🇩🇪🇯', '🇩', '1️⃣', '#️⃣', '⚡️', '⚡', '☕️',
  '🤝🏻', '🫱🏻‍🫲🏿', '👁️‍🗨️', '👩‍❤️‍💋‍👨', '🧑🏿‍🤝‍🧑🏻', 'a‍b', '‍👍', '👍‍', '👍‍a', '©‍®',
  'עִבְרִית', 'العَرَبِيَّة', '؀1', '؀؁a', 'ܐ܏ܐ', '​', 'a​b', 'a‌b', '­', 'z̸̢̛̗a̴l̵g̶o', '̈', '̈̈',
  '\t', '\u0000a', 'a\u0000̈', '﷽', '𝒳', '𓀀', '\u{11193}\u{11193}', '\u{110bd}a', 'ൎക', '️', '⃣', '\u{e0020}',
];
const ranges = [
  [0x980, 0x9ff], [0xd00, 0xd7f], [0xb00, 0xb7f], [0x900, 0x97f], [0xa80, 0xaff], [0xc00, 0xc7f], [0xc80, 0xcff],
  [0xb80, 0xbff], [0xd80, 0xdff], [0x1780, 0x17ff], [0x1000, 0x109f], [0x1b00, 0x1b7f], [0xe00, 0xe7f],
  [0xf00, 0xfda], [0x1100, 0x11ff], [0xac00, 0xac60], [0x11080, 0x110cd], [0x11180, 0x111df], [0x600, 0x6ff],
];
const loose = [
  ...'👩👨👧🏽🏻❤🔥🏳🌈🇩🇪🇯🇵🇮🇳👍#*1⚡☕', ...'abc \n\r\t.,é日本語ガパ',
  '\u200d', '\u200d', '\u200c', '\ufe0f', '\u0301', '\u20e3', '\u0308', '\u094d', '\u09cd', '\u0d4d', '\u0b4d',
];

function random(below) { // mulberry32: the same strings on every machine
  state = (state + 0x6d2b79f5) | 0;
  let t = Math.imul(state ^ (state >>> 15), 1 | state);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) % below;
}
function anyOf([low, high]) {
  for (;;) {
    const char = String.fromCodePoint(low + random(high - low + 1));
    if (/\p{Assigned}/u.test(char) && !/\p{Surrogate}/u.test(char)) return char;
  }
}
function randomString() {
  const chosen = [ranges[random(ranges.length)], ranges[random(ranges.length)]];
  let text = '';
  for (let left = 1 + random(14); left > 0; left -= 1) {
    const kind = random(10);
    if (kind < 6) text += anyOf(chosen[kind % 2]);
    else if (kind < 9) text += loose[random(loose.length)];
    else text += anyOf([0x20, 0x1fbff]);
  }
  return text;
}

const segmenter = new Intl.Segmenter();
const strings = [...words, ...Array.from({ length: count }, randomString)];
for (const text of strings) {
  const points = [...text].map((char) => char.codePointAt(0).toString(16)).join(' ');
  console.log(`${points}\t${[...segmenter.segment(text)].length}`);
}
