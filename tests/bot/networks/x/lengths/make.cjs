// Writes table.json: what npm twitter-text 3.1.0 counts for every emoji and for 20,000 strings put together at random.
// In an empty folder: npm install twitter-text@3.1.0 emojibase-data@17.0.0 emoji-datasource@16.0.0
// then there: node <this file> <the folder of table.json>. The versions are part of the result.
const path = require('path');
const fs = require('fs');
const { createRequire } = require('module');
const from = createRequire(path.join(process.cwd(), 'package.json'));
const twitter = from('twitter-text');
const count = (text) => twitter.parseTweet(text).weightedLength;

const all = new Set();
for (const one of from('emojibase-data/en/data.json')) {
  all.add(one.emoji);
  for (const skin of one.skins || []) all.add(skin.emoji);
}
const spelled = (hex) => String.fromCodePoint(...hex.split('-').map((one) => parseInt(one, 16)));
for (const one of from('emoji-datasource/emoji.json')) {
  for (const form of [one, ...Object.values(one.skin_variations || {})]) {
    all.add(spelled(form.unified));
    if (form.non_qualified) all.add(spelled(form.non_qualified));
  }
}
for (const one of [...all]) {
  all.add(one.replace(/\ufe0f/g, ''));
  if ([...one].length === 1) for (const selector of ['\ufe0f', '\ufe0e']) all.add(one + selector);
}
const emoji = {};
for (const one of [...all].sort()) (emoji[count(one)] = emoji[count(one)] || []).push(one);

const pieces = [
  ' ', ' ', ' ', ' ', '\n', '\r\n', '.', ',', '!', '…', '。', '、', '「', '」', '(', ')', '@', '@ana_b', '#tag', '$ACME', ':', '/', '-', '&', "'",
  'a', 'Z', '7', 'hello', 'don’t', 'ż', 'é', 'e\u0301', 'Straße', 'ß', 'ẞ', 'Ω', 'й', 'हिन्दी', 'ড়', 'ড\u09bc', 'অ্যাপ', 'എൻ്റെ', 'ไทย', '日本', '한국', 'ㄱ', 'ﾋﾞ', 'مرحبا', 'שלום',
  'https://example.org', 'http://e.org/a?b=c#d', 'https://example.org/日本語', 'example.ai', 'see.example.co.uk/path.', 'https://t.co/AbCd12', 'shop.example.com:8443/x', 'info@münchen.de',
  'v2.0', '3.14', 'a.b', 'foo.bar', 'www.example.com', 'ftp://e.org', 'e.g.', '...', 'x.y.z.w', 'https://en.example.org/wiki/A_(b)', 'https://例え.jp/a',
  '🎉', '👋🏼', '👍', '⚡️', '⭐', '☕️', '☺', '☺️', '©', '©️', '®', '™', '1️⃣', '#⃣', '🇩🇪', '🇩', '👨‍👩‍👧‍👦', '🧑‍⚕️', '👩🏽‍🚀', '❤️‍🔥', '🏴󠁧󠁢󠁥󠁮󠁧󠁿', '🫠', '🤝🏽', '\ufe0f', '\u200d', '\u200b', '\u00a0',
];
let state = 20261128; // Lehmer's generator, which every language computes alike: 48271, modulo 2 ** 31 - 1
const next = (below) => { state = (state * 48271) % 2147483647; return state % below; };
const random = [];
for (let number = 0; number < 20000; number += 1) {
  let text = '';
  for (let left = 1 + next(12); left > 0; left -= 1) text += pieces[next(pieces.length)];
  random.push(count(text));
}
fs.writeFileSync(path.join(process.argv[2], 'table.json'), JSON.stringify({ emoji, pieces, random }) + '\n');
