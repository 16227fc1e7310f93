/** The training form: shows a `TrainForm`, checks what is typed and gives it back. */
import * as l10n from '@vscode/l10n';
import { type CheckControl, type ChoiceControl, type RadioControl, checkbox, dropdown, radios, textButton } from '../controls.js';
import { h, icon } from '../element.js';
import type { Formats } from '../format.js';
import { errorBox } from '../message.js';
import { deviceNames, methodNames } from '../names.js';
import type { FromTrainPanel, MethodName, NumberKey, TrainForm, TrainPanelState } from '../protocol.js';
import { NumberFields } from './numberFields.js';

const loraNumbers: NumberKey[] = ['method.rank', 'method.alpha', 'method.dropout'];
const mainNumbers: NumberKey[] = ['epochs', 'batchSize', 'learningRate'];
const advancedNumbers: NumberKey[] = ['validationSplit', 'warmupRatio', 'weightDecay', 'labelSmoothingFactor', 'earlyStoppingPatience', 'seed'];

export type FormState = Pick<TrainPanelState, 'form' | 'datasets' | 'models' | 'devices' | 'targetModules' | 'rules' | 'learningRates'>;

export class FormView {
  readonly element: HTMLElement;
  private readonly dataset: ChoiceControl;
  private readonly datasetDetail = h('div', { class: 'hint' });
  private readonly model: ChoiceControl;
  private readonly modelDetail = h('p', { class: 'hint' });
  private readonly init: ChoiceControl;
  private readonly method: RadioControl;
  private readonly tradeOff = h('p', { class: 'hint', 'aria-live': 'polite' });
  private readonly lora: HTMLElement;
  private readonly modules = h('fieldset', { class: 'modules' });
  private moduleBoxes = new Map<string, CheckControl>();
  private readonly modulesProblem = h('p', { class: 'problem', role: 'alert' });
  private readonly device: ChoiceControl;
  private readonly numbers: NumberFields;
  private readonly advanced: HTMLDetailsElement;
  private readonly crop: CheckControl;
  private readonly flip: CheckControl;

  constructor(
    private state: FormState,
    private readonly post: (message: FromTrainPanel) => void,
    private readonly formats: Formats,
    advancedOpen: boolean,
    onAdvanced: (open: boolean) => void,
  ) {
    const changed = () => this.changed();
    const add = (type: 'addDataset' | 'addModel', title: string) => {
      const action = textButton(l10n.t('Add…'), () => post({ type }));
      action.title = title;
      action.setAttribute('aria-label', title);
      return action;
    };
    this.numbers = new NumberFields(state.rules, changed);
    this.dataset = dropdown({ name: 'dataset', label: l10n.t('Dataset'), action: add('addDataset', l10n.t('Add dataset folder…')), onChange: changed });
    this.model = dropdown({ name: 'model', label: l10n.t('Model'), action: add('addModel', l10n.t('Add model folder…')), onChange: changed });
    this.init = dropdown({ name: 'init', label: l10n.t('Start from'), onChange: changed });
    this.method = radios({
      name: 'method',
      label: l10n.t('Method'),
      options: Object.entries(methodNames()).map(([value, label]) => ({ value, label })),
      onChange: changed,
    });
    this.device = dropdown({ name: 'device', label: l10n.t('Device'), onChange: changed });
    this.crop = checkbox({
      name: 'randomResizedCrop',
      label: l10n.t('Random crop'),
      title: l10n.t('Train on a random part of each picture, another in each epoch.'),
      onChange: changed,
    });
    this.flip = checkbox({
      name: 'horizontalFlip',
      label: l10n.t('Random flip'),
      title: l10n.t('Mirror every other picture. Switch off where left and right matter.'),
      onChange: changed,
    });
    const fields = (keys: NumberKey[]) => keys.map((key) => this.numbers.element(key));
    this.lora = h('div', { class: 'method-options' }, h('div', { class: 'grid' }, ...fields(loraNumbers)), this.modules, this.modulesProblem);
    this.advanced = h(
      'details',
      { class: 'advanced', open: advancedOpen, toggle: () => onAdvanced(this.advanced.open) },
      h('summary', {}, icon('chevron'), l10n.t('Advanced')),
      h(
        'div',
        { class: 'advanced-fields' },
        h('fieldset', { class: 'checks' }, h('legend', { class: 'label' }, l10n.t('Augmentation')), this.crop.element, this.flip.element),
        h('div', { class: 'grid' }, ...fields(advancedNumbers)),
      ),
    );
    this.element = h(
      'form',
      { class: 'train-form', submit: (event: Event) => event.preventDefault() },
      h('div', {}, this.dataset.element, this.datasetDetail),
      h('div', {}, this.model.element, this.modelDetail),
      this.init.element,
      h('div', {}, this.method.element, this.tradeOff),
      this.lora,
      h('div', { class: 'grid' }, ...fields(mainNumbers)),
      this.device.element,
      this.advanced,
    );
    this.show();
  }

  /** Takes what the host changed; `form` replaces the inputs. */
  update(change: Partial<FormState>): void {
    const typed = this.read();
    this.state = { ...this.state, form: typed, ...change };
    this.show(change.form !== undefined);
  }

  /** The valid form; otherwise shows what is missing, goes there and gives undefined. */
  submit(o: { needsDataset: boolean }): TrainForm | undefined {
    const missing = o.needsDataset && !this.state.form.dataset;
    this.dataset.setProblem(missing ? l10n.t('Choose a dataset first.') : null);
    if (missing) {
      this.dataset.focus();
      return undefined;
    }
    const invalid = this.firstInvalid();
    if (invalid) {
      if (!this.advanced.open && this.numbers.firstInvalid(advancedNumbers) === invalid) this.advanced.open = true;
      invalid.focus();
      return undefined;
    }
    return this.read();
  }

  private firstInvalid(): { focus(): void } | undefined {
    const lora = this.method.value === 'lora';
    const number = this.numbers.firstInvalid([...(lora ? loraNumbers : []), ...mainNumbers, ...advancedNumbers]);
    if (number) return number;
    if (lora && this.moduleBoxes.size > 0 && this.chosenModules().length === 0) return { focus: () => this.moduleBoxes.values().next().value?.element.focus() };
    return undefined;
  }

  private changed(): void {
    this.state = { ...this.state, form: this.read() };
    this.show(false);
    if (!this.firstInvalid()) this.post({ type: 'form', form: this.state.form });
  }

  private show(inputs = true): void {
    const { form, datasets, models, devices } = this.state;
    const options = datasets.map(({ folder, name }) => ({ value: folder, label: name }));
    // A dataset that the host no longer knows is still what the form says.
    if (form.dataset && !datasets.some(({ folder }) => folder === form.dataset)) options.push({ value: form.dataset, label: form.dataset });
    if (!form.dataset) options.unshift({ value: '', label: datasets.length ? l10n.t('Choose…') : l10n.t('None yet') });
    this.dataset.setOptions(options, form.dataset ?? '');
    if (form.dataset) this.dataset.setProblem(null);
    this.showDatasetDetail();

    const model = models.find(({ value }) => value === form.model) ?? models[0];
    this.model.setOptions(
      models.map(({ value, name }) => ({ value, label: name })),
      model?.value ?? '',
    );
    this.modelDetail.textContent = model?.detail ?? '';
    this.modelDetail.hidden = !model?.detail;
    this.init.setOptions(
      [
        { value: 'pretrained', label: l10n.t('Pretrained weights'), disabled: model?.pretrained === false },
        { value: 'random', label: l10n.t('Random weights') },
      ],
      model?.pretrained === false ? 'random' : (form.init ?? 'pretrained'),
    );
    this.device.setOptions(
      devices.map((device) => ({ value: device.value, label: this.deviceLabel(device), disabled: device.unavailable !== undefined })),
      form.device ?? 'auto',
    );

    const method = form.method.type;
    if (inputs) this.method.setValue(method);
    this.tradeOff.textContent = tradeOff(method);
    this.lora.hidden = method !== 'lora';
    this.showModules();
    if (inputs) {
      this.numbers.show(form);
      this.crop.setChecked(form.augmentation?.randomResizedCrop !== false);
      this.flip.setChecked(form.augmentation?.horizontalFlip !== 0);
    }
    this.numbers.setRules(this.state.rules, this.state.learningRates[method]);
  }

  private showDatasetDetail(): void {
    const dataset = this.state.datasets.find(({ folder }) => folder === this.state.form.dataset);
    this.datasetDetail.replaceChildren();
    this.datasetDetail.hidden = !dataset;
    if (!dataset) return;
    if (dataset.error) {
      this.datasetDetail.append(errorBox(dataset.error, this.post));
    } else if (!dataset.inspection) {
      this.datasetDetail.append(l10n.t('Counting pictures…'));
    } else {
      const { classes, images, problems } = dataset.inspection;
      this.datasetDetail.append(l10n.t('{0} classes, {1} pictures', classes, this.formats.integer(images)));
      if (problems > 0) {
        const show = () => this.post({ type: 'showProblems', dataset: dataset.folder });
        this.datasetDetail.append(', ', textButton(problems === 1 ? l10n.t('1 problem') : l10n.t('{0} problems', this.formats.integer(problems)), show));
      }
    }
  }

  private deviceLabel({ value, detail, unavailable }: TrainPanelState['devices'][number]): string {
    const name = deviceNames()[value];
    const more = unavailable ?? detail;
    return more ? `${name}: ${more}` : name;
  }

  private showModules(): void {
    const { form, targetModules } = this.state;
    const known = [...this.moduleBoxes.keys()];
    const names = [...new Set([...targetModules, ...(form.method.type === 'lora' ? (form.method.targetModules ?? []) : [])])];
    if (names.join() !== known.join()) {
      this.moduleBoxes = new Map(names.map((name) => [name, checkbox({ name: `targetModules.${name}`, label: name, onChange: () => this.changed() })]));
      this.modules.replaceChildren(
        h('legend', { class: 'label' }, l10n.t('Target modules')),
        h('div', { class: 'checks' }, ...[...this.moduleBoxes.values()].map(({ element }) => element)),
      );
    }
    if (form.method.type === 'lora') {
      const chosen = form.method.targetModules ?? defaultModules;
      for (const [name, box] of this.moduleBoxes) box.setChecked(chosen.includes(name));
    }
    const none = form.method.type === 'lora' && names.length > 0 && this.chosenModules().length === 0;
    this.modulesProblem.textContent = none ? l10n.t('Choose at least one.') : '';
    this.modulesProblem.hidden = !none;
    this.modules.hidden = names.length === 0;
  }

  private chosenModules(): string[] {
    return [...this.moduleBoxes].filter(([, box]) => box.checked).map(([name]) => name);
  }

  private readMethod(): TrainForm['method'] {
    const type = this.method.value as MethodName;
    if (type !== 'lora') return { type };
    const modules = this.chosenModules();
    const standard = modules.length === defaultModules.length && defaultModules.every((name) => modules.includes(name));
    return given({
      type,
      rank: this.numbers.get('method.rank'),
      alpha: this.numbers.get('method.alpha'),
      dropout: this.numbers.get('method.dropout'),
      targetModules: standard || this.moduleBoxes.size === 0 ? undefined : modules,
    });
  }

  private read(): TrainForm {
    const augmentation = given({
      randomResizedCrop: this.crop.checked ? undefined : (false as const),
      horizontalFlip: this.flip.checked ? undefined : (0 as const),
    });
    return given({
      dataset: this.dataset.value || undefined,
      model: this.model.value || undefined,
      init: this.init.value === 'random' ? ('random' as const) : undefined,
      method: this.readMethod(),
      epochs: this.numbers.get('epochs'),
      batchSize: this.numbers.get('batchSize'),
      learningRate: this.numbers.get('learningRate'),
      device: this.device.value === 'auto' ? undefined : (this.device.value as 'cpu'),
      ...Object.fromEntries(advancedNumbers.map((key) => [key, this.numbers.get(key)])),
      augmentation: Object.keys(augmentation).length ? augmentation : undefined,
    });
  }
}

/** LoRA's target modules where a config names none: those of the config schema. */
const defaultModules = ['query', 'value'];

/** Without the keys that are undefined, so that the config written from it is short. */
function given<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, item]) => item !== undefined)) as T;
}

function tradeOff(method: MethodName): string {
  const words = {
    head: l10n.t('Trains only the last layer: done in seconds, best when your pictures resemble what the model knows.'),
    lora: l10n.t('Trains small added matrices: nearly as accurate as full training with far less memory and a small file.'),
    full: l10n.t('Trains every weight: can learn the most, but is slow, needs much memory and many pictures.'),
  };
  return words[method];
}
