/** The closed list of defects of a safetensors file. */
import { t, type Words } from './l10n.js';
import { UserError } from './userError.js';

const damaged = (code: string, file: string, message: Words) =>
  new UserError(
    `SAFETENSORS_${code}`,
    message,
    t('The file is damaged or not a safetensors file. Download or export it again.'),
    { file },
  );

export const safetensors = {
  tooShort: (file: string, bytes: number) =>
    damaged('TOO_SHORT', file, t('The file has {0} bytes; a safetensors file has at least 8.', bytes)),
  headerTooLong: (file: string, length: number, bytes: number) =>
    damaged(
      'HEADER_TOO_LONG',
      file,
      t(
        'The file claims a header of {0} bytes, but has {1} bytes in all (and at most 100 MB of header are read).',
        length,
        bytes,
      ),
    ),
  headerNotJson: (file: string) => damaged('HEADER_NOT_JSON', file, t('The header of the file is not a JSON object.')),
  duplicateKey: (file: string, key: string) => damaged('DUPLICATE_KEY', file, t('The header names {0} twice.', key)),
  metadataNotText: (file: string) =>
    damaged('METADATA_NOT_TEXT', file, t('The __metadata__ of the header is not an object of strings.')),
  entryMalformed: (file: string, tensor: string) =>
    damaged('ENTRY_MALFORMED', file, t('The header record of {0} lacks a dtype, a shape or two data_offsets.', tensor)),
  unknownType: (file: string, tensor: string, dtype: string) =>
    damaged('UNKNOWN_TYPE', file, t('The tensor {0} has the type {1}, which the format does not know.', tensor, dtype)),
  shapeInvalid: (file: string, tensor: string, shape: string) =>
    damaged(
      'SHAPE_INVALID',
      file,
      t(
        'The tensor {0} has the shape {1}: sizes must be non-negative integers whose product is not too large.',
        tensor,
        shape,
      ),
    ),
  outOfBounds: (file: string, tensor: string, offsets: string, bytes: number) =>
    damaged(
      'OUT_OF_BOUNDS',
      file,
      t('The tensor {0} lies at {1}, outside the {2} bytes of data.', tensor, offsets, bytes),
    ),
  sizeMismatch: (file: string, tensor: string, shape: string, needed: number, given: number) =>
    damaged(
      'SIZE_MISMATCH',
      file,
      t('The tensor {0} is {1}, so it needs {2} bytes, but has {3}.', tensor, shape, needed, given),
    ),
  overlap: (file: string, tensor: string) =>
    damaged('OVERLAP', file, t('The bytes of {0} overlap those of another tensor.', tensor)),
  hole: (file: string, begin: number, end: number) =>
    damaged('HOLE', file, t('The bytes {0} to {1} belong to no tensor.', begin, end)),
  truncated: (file: string) => damaged('TRUNCATED', file, t('The file ends before its data does.')),
  notFinite: (file: string, tensor: string, index: number) =>
    damaged(
      'NOT_FINITE',
      file,
      t('The tensor {0} holds a value that is not a number or is infinite, at position {1}.', tensor, index),
    ),
  indexInvalid: (file: string, reason: string) =>
    damaged('INDEX_INVALID', file, t('The index of the weights is not valid: {0}', reason)),
  notInShard: (file: string, tensor: string, index: string) =>
    damaged('NOT_IN_SHARD', file, t('The tensor {0} is not in this file, although {1} says so.', tensor, index)),
};
