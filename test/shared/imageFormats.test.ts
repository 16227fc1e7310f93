/** Which files are images, by name and by content. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatOfContent, formatOfName, isReadable } from '../../src/shared/imageFormats.js';
import { encoded } from '../trainer/data/images.js';

test('the extension of a name gives the format, in upper or lower case', () => {
  assert.equal(formatOfName('/a b/photo.JPG'), 'JPEG');
  assert.equal(formatOfName('x.jfif'), 'JPEG');
  assert.equal(formatOfName('x.tiff'), 'TIFF');
  assert.equal(formatOfName('x.heic'), 'HEIC');
  for (const name of ['labels.csv', 'jpg', '.jpg', 'x.jpg.txt', 'x.', 'x.constructor'])
    assert.equal(formatOfName(name), undefined, name);
});

test('the content determines the format, whatever the name', async () => {
  for (const [format, name] of [
    ['png', 'PNG'],
    ['jpeg', 'JPEG'],
    ['webp', 'WebP'],
    ['gif', 'GIF'],
    ['tiff', 'TIFF'],
  ] as const) {
    assert.equal(formatOfContent(await encoded(8, 8, 1, format)), name);
  }
  const box = (brands: string) => Buffer.concat([Buffer.from([0, 0, 0, 28]), Buffer.from(`ftyp${brands}`, 'latin1')]);
  assert.equal(formatOfContent(box('avif\0\0\0\0mif1miaf')), 'AVIF');
  assert.equal(formatOfContent(box('heic\0\0\0\0mif1heic')), 'HEIC');
  assert.equal(formatOfContent(Buffer.from('\u{feff}  <!DOCTYPE html><html>')), 'HTML');
  assert.equal(formatOfContent(Buffer.from('<svg xmlns="x">')), 'SVG');
  for (const text of ['', 'BM', 'BMW is a car maker', 'label,path\n', 'RIFF1234WAVE'])
    assert.equal(formatOfContent(Buffer.from(text)), undefined, text);
});

test('formats are readable or only known', () => {
  assert.ok(isReadable('BMP') && isReadable('AVIF') && isReadable('HEIC'));
  assert.ok(!isReadable('JPEG XL') && !isReadable('SVG') && !isReadable('toString'));
});
