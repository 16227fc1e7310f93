/** Models to begin with, and those that are at hand: what each is for, how large it is, and under which licence. */
import * as l10n from '@vscode/l10n';
import type { ListedModel, ModelList } from '../protocol.js';
import { cachedModels } from './cachedModels.js';

/** When size and licence were last compared with the model cards, and for those of timm with timm 1.0.31. */
const checked = '2026-11-29';

type Recommended = Required<Pick<ListedModel, 'model' | 'parameters' | 'licence' | 'purpose'>> & { bytes?: number };

/** Parameters are those of the published file, its head included. */
const recommended = (): Recommended[] => [
  {
    model: 'embedded',
    parameters: 4_860_000,
    bytes: 9_725_192,
    licence: l10n.t('non-commercial research'),
    purpose: l10n.t('A first try: comes with ViTune, needs no network, images of 64 pixels.'),
  },
  {
    model: 'WinKawaks/vit-tiny-patch16-224',
    parameters: 5_717_416,
    licence: 'Apache-2.0',
    purpose: l10n.t('Quick on a CPU: the smallest usual ViT.'),
  },
  {
    model: 'timm/eva02_tiny_patch14_224.mim_in22k',
    parameters: 5_502_144,
    licence: 'MIT',
    purpose: l10n.t('As small, but newer: EVA-02.'),
  },
  {
    model: 'facebook/dinov2-small',
    parameters: 22_056_576,
    licence: 'Apache-2.0',
    purpose: l10n.t('The usual choice: features that tell much apart from few labelled images.'),
  },
  {
    model: 'timm/vit_small_patch14_reg4_dinov2.lvd142m',
    parameters: 22_057_344,
    licence: 'Apache-2.0',
    purpose: l10n.t('DINOv2 with registers, images of 518 pixels: small details, but much slower.'),
  },
  {
    model: 'timm/vit_small_patch16_dinov3.lvd1689m',
    parameters: 21_586_944,
    licence: 'DINOv3 License',
    purpose: l10n.t('DINOv2’s successor; Meta’s own terms.'),
  },
  {
    model: 'timm/deit3_small_patch16_224.fb_in22k_ft_in1k',
    parameters: 22_059_496,
    licence: 'Apache-2.0',
    purpose: l10n.t('Everyday objects: trained on 22,000 classes with labels.'),
  },
  {
    model: 'google/vit-base-patch16-224',
    parameters: 86_567_656,
    licence: 'Apache-2.0',
    purpose: l10n.t('The classic of usual size, for a graphics card.'),
  },
  {
    model: 'timm/vit_base_patch16_siglip_224.webli',
    parameters: 92_884_224,
    licence: 'Apache-2.0',
    purpose: l10n.t('Products, drawings, signs: trained on images with their texts (SigLIP).'),
  },
];

/** The recommended models, and after them what else the cache of the hub holds; `cache` is its folder. */
export async function listModels(cache?: string): Promise<ModelList> {
  const folderOf = new Map((await cachedModels(cache)).map(({ id, folder }) => [id, folder]));
  const named = recommended().map((each): ListedModel => {
    const folder = folderOf.get(each.model);
    folderOf.delete(each.model);
    // A parameter takes four bytes in the published files.
    const bytes = each.bytes ?? 4 * each.parameters;
    return { ...each, bytes, isHere: each.model === 'embedded' || folder !== undefined, ...(folder ? { folder } : {}) };
  });
  const others = [...folderOf].map(([model, folder]): ListedModel => ({ model, isHere: true, folder }));
  return { type: 'models', checked, models: [...named, ...others] };
}
